//! How are the needs of an expression found?
//!
//! The analysis follows where values come from. A value is either at known paths of the item, or
//! from elsewhere; what it is made from then was noted as needed when it was made. Whatever it does
//! not understand reads its whole input.

use std::sync::Arc;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::Part;

use super::compile::children;
use super::desugar::Ast;
use super::needs::Needs;

/// The paths of the item at which a value may be; none if it comes from elsewhere.
type Origin = Vec<Vec<Arc<str>>>;

/// The parts of the item that a program can read.
pub(super) fn needs(program: &Ast<'_>) -> Needs {
    let mut analysis = Analysis {
        needs: Needs::nothing(),
        variables: Vec::new(),
    };
    let output = analysis.term(program, &vec![Vec::new()]);
    analysis.read(&output);
    analysis.needs
}

/// How many paths are told apart; alternatives of alternatives multiply.
const MAX_PATHS: usize = 64;

struct Analysis<'s> {
    needs: Needs,
    variables: Vec<(&'s str, Origin)>,
}

impl<'s> Analysis<'s> {
    /// Notes what evaluating `term` on a value from `input` reads, and says where outputs are from.
    fn term(&mut self, term: &Ast<'s>, input: &Origin) -> Origin {
        match term {
            Term::Id => input.clone(),
            Term::Num(_) | Term::Break(_) => Vec::new(),
            Term::Var(name) => self.variable(name),
            Term::Path(head, path) => {
                let mut origin = self.term(head, input);
                for (part, _) in &path.0 {
                    origin = self.part(part, origin, input);
                }
                origin
            }
            Term::BinOp(left, op, right) => self.operation(left, op, right, input),
            Term::IfThenElse(cases, default) => self.choice(cases, default.as_deref(), input),
            Term::TryCatch(inner, handler) => {
                let mut outputs = self.term(inner, input);
                if let Some(handler) = handler {
                    outputs.extend(self.term(handler, &Vec::new()));
                }
                self.bounded(outputs)
            }
            Term::Label(_, inner) => self.term(inner, input),
            Term::Call(name, args) => self.call(name, args, input),
            Term::Obj(entries) => {
                for entry in entries {
                    self.entry(entry, input);
                }
                Vec::new()
            }
            Term::Str(_, parts) => {
                for part in parts {
                    if let StrPart::Term(term) = part {
                        self.consume(term, input);
                    }
                }
                Vec::new()
            }
            Term::Arr(Some(inner)) | Term::Neg(inner) => {
                self.consume(inner, input);
                Vec::new()
            }
            Term::Arr(None) => Vec::new(),
            Term::Fold(_, source, pattern, args) => {
                self.fold(source, pattern, args, input);
                Vec::new()
            }
            Term::Recurse | Term::Def(..) => {
                self.read(input);
                self.opaque(term);
                Vec::new()
            }
        }
    }

    fn choice(
        &mut self,
        cases: &[(Ast<'s>, Ast<'s>)],
        default: Option<&Ast<'s>>,
        input: &Origin,
    ) -> Origin {
        let mut outputs = Vec::new();
        for (test, then) in cases {
            let tested = self.term(test, input);
            self.test(&tested);
            outputs.extend(self.term(then, input));
        }
        match default {
            Some(default) => outputs.extend(self.term(default, input)),
            None => outputs.extend(input.iter().cloned()),
        }
        self.bounded(outputs)
    }

    fn fold(
        &mut self,
        source: &Ast<'s>,
        pattern: &Pattern<&'s str>,
        args: &[Ast<'s>],
        input: &Origin,
    ) {
        self.consume(source, input);
        self.pattern(pattern);
        for (position, arg) in args.iter().enumerate() {
            // The first argument is evaluated on the input, the others on its output.
            let input = if position == 0 {
                input.clone()
            } else {
                Vec::new()
            };
            self.consume(arg, &input);
        }
    }

    fn part(&mut self, part: &Part<Ast<'s>>, origin: Origin, input: &Origin) -> Origin {
        if let Part::Index(key) = part
            && let Some(key) = constant_key(key)
        {
            let below = |mut path: Vec<Arc<str>>| {
                path.push(Arc::clone(&key));
                path
            };
            let origin: Origin = origin.into_iter().map(below).collect();
            self.test(&origin);
            return origin;
        }
        self.read(&origin);
        match part {
            Part::Index(key) => self.consume(key, input),
            Part::Range(from, to) => {
                for bound in [from, to].into_iter().flatten() {
                    self.consume(bound, input);
                }
            }
        }
        Vec::new()
    }

    fn operation(
        &mut self,
        left: &Ast<'s>,
        op: &BinaryOp<&'s str>,
        right: &Ast<'s>,
        input: &Origin,
    ) -> Origin {
        match op {
            BinaryOp::Pipe(None) => {
                let between = self.term(left, input);
                self.test(&between);
                self.term(right, &between)
            }
            BinaryOp::Pipe(Some(Pattern::Var(name))) => {
                let bound = self.term(left, input);
                self.test(&bound);
                self.variables.push((name, bound));
                let outputs = self.term(right, input);
                self.variables.pop();
                outputs
            }
            BinaryOp::Pipe(Some(pattern)) => {
                self.consume(left, input);
                self.pattern(pattern);
                self.term(right, input)
            }
            BinaryOp::Comma | BinaryOp::Alt => {
                let mut outputs = self.term(left, input);
                self.test(&outputs);
                outputs.extend(self.term(right, input));
                self.bounded(outputs)
            }
            BinaryOp::Or | BinaryOp::And => {
                for side in [left, right] {
                    let tested = self.term(side, input);
                    self.test(&tested);
                }
                Vec::new()
            }
            BinaryOp::Math(_) | BinaryOp::Cmp(_) => {
                self.consume(left, input);
                self.consume(right, input);
                Vec::new()
            }
            _ => {
                self.read(input);
                self.opaque(left);
                self.opaque(right);
                Vec::new()
            }
        }
    }

    fn call(&mut self, name: &str, args: &[Ast<'s>], input: &Origin) -> Origin {
        match (name, args) {
            ("select", [condition]) => {
                let tested = self.term(condition, input);
                self.test(&tested);
                input.clone()
            }
            ("not", []) => {
                self.test(input);
                Vec::new()
            }
            ("empty" | "true" | "false" | "null" | "now", []) => Vec::new(),
            ("has", [key]) if constant_key(key).is_some() => {
                self.part(&Part::Index(key.clone()), input.clone(), input);
                Vec::new()
            }
            ("first", [inner]) => self.term(inner, input),
            _ => {
                // Whatever arguments are evaluated on comes from the input, which is read here.
                self.read(input);
                for arg in args {
                    self.consume(arg, &Vec::new());
                }
                Vec::new()
            }
        }
    }

    fn entry(&mut self, (key, value): &(Ast<'s>, Option<Ast<'s>>), input: &Origin) {
        match (key, value) {
            (key, Some(value)) => {
                self.consume(key, input);
                self.consume(value, input);
            }
            (Term::Var(name), None) => {
                let bound = self.variable(name);
                self.read(&bound);
            }
            (key, None) => {
                let value = self.part(&Part::Index(key.clone()), input.clone(), input);
                self.read(&value);
            }
        }
    }

    /// Reads the variables in the keys of a pattern.
    fn pattern(&mut self, pattern: &Pattern<&'s str>) {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(items) => items.iter().for_each(|item| self.pattern(item)),
            Pattern::Obj(entries) => {
                for (key, item) in entries {
                    self.opaque(key);
                    self.pattern(item);
                }
            }
        }
    }

    /// The distinct paths of an origin; too many are read whole and forgotten.
    fn bounded(&mut self, mut origin: Origin) -> Origin {
        origin.sort_unstable();
        origin.dedup();
        if origin.len() > MAX_PATHS {
            self.read(&origin);
            origin.clear();
        }
        origin
    }

    /// Evaluates a term and reads its outputs whole.
    fn consume(&mut self, term: &Ast<'s>, input: &Origin) {
        let outputs = self.term(term, input);
        self.read(&outputs);
    }

    /// Reads the variables in a term whose input was read whole already.
    fn opaque(&mut self, term: &Ast<'s>) {
        if let Term::Var(name) = term {
            let bound = self.variable(name);
            self.read(&bound);
        }
        for child in children(term) {
            self.opaque(child);
        }
    }

    fn variable(&self, name: &str) -> Origin {
        let bound = self
            .variables
            .iter()
            .rev()
            .find(|(bound, _)| *bound == name);
        bound.map(|(_, origin)| origin.clone()).unwrap_or_default()
    }

    /// Notes that values are read whole.
    fn read(&mut self, origin: &Origin) {
        for path in origin {
            self.needs.add(path);
        }
    }

    /// Notes that only the kind of values matters so far.
    fn test(&mut self, origin: &Origin) {
        for path in origin {
            self.needs.add_kind(path);
        }
    }
}

fn constant_key(key: &Ast<'_>) -> Option<Arc<str>> {
    match key {
        Term::Str(None, parts) => {
            let mut text = String::new();
            for part in parts {
                match part {
                    StrPart::Str(part) => text.push_str(part),
                    StrPart::Char(character) => text.push(*character),
                    StrPart::Term(_) => return None,
                }
            }
            Some(text.into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::needs::Needs;
    use super::super::parse::parse;
    use super::needs;

    fn paths(wanted: &[&str]) -> Needs {
        let mut needs = Needs::nothing();
        for path in wanted {
            needs.add(
                &path
                    .split('.')
                    .filter(|key| !key.is_empty())
                    .collect::<Vec<_>>(),
            );
        }
        needs
    }

    #[test]
    fn what_a_program_reads_is_found() {
        for (program, wanted) in [
            (".key", vec!["key"]),
            (".fields.status.name", vec!["fields.status.name"]),
            (".fields.subtasks | map(.key)", vec!["fields.subtasks"]),
            (
                "(.self | split(\"/\") | join(\"-\")) + .key",
                vec!["self", "key"],
            ),
            (".a.b // .c", vec!["a.b", "c"]),
            ("{a, b: .c.d}", vec!["a", "c.d"]),
            (". as $item | [1] | map($item.a.b)", vec!["a.b"]),
            ("\"\\(.a) \\(.b.c)\"", vec!["a", "b.c"]),
            ("\"constant\"", vec![]),
            ("reduce .a[] as $x (.b; . + $x)", vec!["a", "b"]),
            (".a as [$x, {b: $y}] | [$x, $y, .c]", vec!["a", "c"]),
            (".", vec![""]),
            ("keys", vec![""]),
            ("def f: .a; f", vec![""]),
            ("del(.a)", vec![""]),
            ("[..]", vec![""]),
        ] {
            assert_eq!(needs(&parse(program).unwrap()), paths(&wanted), "{program}");
        }
    }

    #[test]
    fn what_is_only_tested_is_not_read_whole() {
        let mut needed = Needs::nothing();
        needed.add_kind(&["a"]);
        needed.add(&["b"]);
        assert_eq!(
            needs(&parse("if .a then .b else null end").unwrap()),
            needed
        );
        assert_eq!(needs(&parse("select(.a) | .b").unwrap()), needed);
    }

    #[test]
    fn alternatives_of_alternatives_do_not_multiply() {
        let program = vec!["(.a, .b)"; 60].join(" | ");
        needs(&parse(&program).unwrap());
    }
}
