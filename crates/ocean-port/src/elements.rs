//! The elements of `{"entities": [...]}`, one by one, while the answer still arrives.
//!
//! Start with [`Elements`]: the catalog of a large blueprint is read through it without ever
//! being in memory as a whole. It only looks for the borders of elements; each one is parsed, and
//! so checked, by its reader.

use std::mem;

use bytes::{Bytes, BytesMut};

/// The largest element that is accepted, so that a wrong answer cannot fill the memory.
const MAX_ELEMENT_BYTES: usize = 16 << 20;

/// The largest key of the outer object; the one that is looked for is much shorter.
const MAX_KEY_BYTES: usize = 256;

/// What is wrong with the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("it is not an object")]
    NotAnObject,
    #[error("it has no list `entities`")]
    NoEntities,
    #[error("an element of `entities` is not an object")]
    NotAnEntity,
    #[error("an element of `entities` is larger than {MAX_ELEMENT_BYTES} bytes")]
    TooLarge,
    #[error("it goes on after its end")]
    TrailingBytes,
    #[error("it ends too early")]
    Cut,
}

/// Splits the bytes of an answer into the elements of its list `entities`.
#[derive(Debug, Default)]
pub(crate) struct Elements {
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// In the outer object: the next text is a key.
    expect_key: bool,
    key: Vec<u8>,
    list: List,
    /// The part of the current element that came with earlier chunks.
    pending: BytesMut,
    done: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum List {
    #[default]
    Ahead,
    Inside,
    Passed,
}

/// What one byte means for the element it may belong to.
enum Step {
    Nothing,
    ElementBegins,
    ElementEnds,
}

impl Elements {
    /// The elements that end within this chunk.
    pub(crate) fn feed(&mut self, chunk: &Bytes) -> Result<Vec<Bytes>, Malformed> {
        let mut elements = Vec::new();
        let mut start = self.in_element().then_some(0);
        let mut index = 0;
        while let Some(byte) = chunk.get(index) {
            match self.step(*byte)? {
                Step::Nothing => {}
                Step::ElementBegins => start = Some(index),
                Step::ElementEnds => {
                    let part = chunk.slice(start.take().unwrap_or(index)..=index);
                    elements.push(self.complete(part));
                }
            }
            index += 1;
            if self.may_skip() {
                let text = chunk.get(index..).unwrap_or_default();
                index += memchr::memchr2(b'"', b'\\', text).unwrap_or(text.len());
            }
        }
        if let Some(rest) = start.and_then(|start| chunk.get(start..)) {
            if self.pending.len() + rest.len() > MAX_ELEMENT_BYTES {
                return Err(Malformed::TooLarge);
            }
            self.pending.extend_from_slice(rest);
        }
        Ok(elements)
    }

    /// Whether the answer was whole; to be asked when no more chunks come.
    pub(crate) fn finish(&self) -> Result<(), Malformed> {
        match (self.done, self.list) {
            (true, List::Passed) => Ok(()),
            (true, _) => Err(Malformed::NoEntities),
            (false, _) => Err(Malformed::Cut),
        }
    }

    /// An element that lies within one chunk is not copied.
    fn complete(&mut self, part: Bytes) -> Bytes {
        if self.pending.is_empty() {
            return part;
        }
        let mut element = mem::take(&mut self.pending);
        element.extend_from_slice(&part);
        element.freeze()
    }

    fn in_element(&self) -> bool {
        self.list == List::Inside && self.depth > 2
    }

    fn step(&mut self, byte: u8) -> Result<Step, Malformed> {
        if self.in_text {
            self.text(byte);
            return Ok(Step::Nothing);
        }
        if byte.is_ascii_whitespace() {
            return Ok(Step::Nothing);
        }
        if self.done {
            return Err(Malformed::TrailingBytes);
        }
        if self.depth == 0 && byte != b'{' {
            return Err(Malformed::NotAnObject);
        }
        if self.list == List::Inside && self.depth == 2 && !matches!(byte, b'{' | b',' | b']') {
            return Err(Malformed::NotAnEntity);
        }
        Ok(self.structure(byte))
    }

    fn structure(&mut self, byte: u8) -> Step {
        match byte {
            b'"' => {
                self.in_text = true;
                if self.at_key() {
                    self.key.clear();
                }
            }
            b'{' | b'[' => return self.open(byte),
            b'}' | b']' => return self.close(),
            b',' if self.depth == 1 => self.expect_key = true,
            b':' if self.depth == 1 => self.expect_key = false,
            _ => {}
        }
        Step::Nothing
    }

    fn open(&mut self, byte: u8) -> Step {
        self.depth += 1;
        match self.depth {
            1 => self.expect_key = true,
            2 if byte == b'[' && self.list == List::Ahead && self.key == b"entities" => {
                self.list = List::Inside;
            }
            3 if self.list == List::Inside => return Step::ElementBegins,
            _ => {}
        }
        Step::Nothing
    }

    fn close(&mut self) -> Step {
        self.depth -= 1;
        match self.depth {
            0 => self.done = true,
            1 if self.list == List::Inside => self.list = List::Passed,
            2 if self.list == List::Inside => return Step::ElementEnds,
            _ => {}
        }
        Step::Nothing
    }

    fn text(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_text = false;
            return;
        }
        if self.at_key() && self.key.len() < MAX_KEY_BYTES {
            self.key.push(byte);
        }
    }

    /// Whether nothing matters but the end of the text and escapes; most of an answer is such.
    const fn may_skip(&self) -> bool {
        self.in_text && !self.escaped && !self.at_key()
    }

    const fn at_key(&self) -> bool {
        self.depth == 1 && self.expect_key
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    /// Feeds `text` in chunks of these lengths, over and over.
    fn split(text: &str, lengths: &[usize]) -> Result<Vec<Value>, Malformed> {
        let mut rest = Bytes::copy_from_slice(text.as_bytes());
        let mut elements = Elements::default();
        let mut found = Vec::new();
        for length in lengths.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let chunk = rest.split_to((*length).min(rest.len()));
            found.extend(elements.feed(&chunk)?);
        }
        elements.finish()?;
        let parse = |element: Bytes| serde_json::from_slice(&element).unwrap();
        Ok(found.into_iter().map(parse).collect())
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            r#"[a-z\[\]{}",:\\ é\n]{0,8}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                any_object(inner).prop_map(Value::from),
            ]
        })
    }

    fn any_object(
        value: impl Strategy<Value = Value>,
    ) -> impl Strategy<Value = Map<String, Value>> {
        let key = prop_oneof![Just("entities".to_owned()), r#"[a-z"\\{\]]{0,4}"#];
        prop::collection::vec((key, value), 0..4).prop_map(|pairs| pairs.into_iter().collect())
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_elements_are_those_of_the_whole_text(
            entities in prop::collection::vec(any_object(any_json()), 0..5),
            before in any_json(),
            after in any_json(),
            pretty in any::<bool>(),
            lengths in prop::collection::vec(1_usize..20, 1..5),
        ) {
            let answer = json!({ "ok": before, "entities": entities, "rest": after });
            let text = if pretty {
                serde_json::to_string_pretty(&answer).unwrap()
            } else {
                answer.to_string()
            };
            let found = split(&text, &lengths).unwrap();
            prop_assert_eq!(Value::from(found), answer["entities"].clone());
        }

        #[test]
        fn a_cut_answer_is_never_a_whole_one(
            entities in prop::collection::vec(any_object(any_json()), 0..5),
            at in any::<prop::sample::Index>(),
        ) {
            let text = json!({ "ok": true, "entities": entities }).to_string();
            let mut end = at.index(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            prop_assert_eq!(split(text.split_at(end).0, &[7]), Err(Malformed::Cut));
        }
    }

    #[test]
    fn what_is_not_a_list_of_entities_is_an_error() {
        for (text, error) in [
            (r#"[{"entities":[]}]"#, Malformed::NotAnObject),
            (r#"{"ok":true}"#, Malformed::NoEntities),
            (r#"{"entities":null}"#, Malformed::NoEntities),
            (r#"{"a":{"entities":[{}]}}"#, Malformed::NoEntities),
            (r#"{"a":"entities","b":[1]}"#, Malformed::NoEntities),
            (r#"{"entities":[1]}"#, Malformed::NotAnEntity),
            (r#"{"entities":[null]}"#, Malformed::NotAnEntity),
            (r#"{"entities":[]}{}"#, Malformed::TrailingBytes),
            ("<html>", Malformed::NotAnObject),
            ("", Malformed::Cut),
        ] {
            assert_eq!(split(text, &[3]), Err(error), "{text}");
        }
    }
}
