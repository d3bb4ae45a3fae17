//! How does the text of a program become a term, and what is refused before that?

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Parser, Term};
use jaq_core::path::{Opt, Part};

use super::desugar::Ast;
use super::number::Num;
use super::paths::{Plain, Step};
use super::program::{CompileError, Refusal};
use super::value::Val;

/// The longest program, in bytes.
pub(super) const MAX_LENGTH: usize = 32 << 10;

/// How deeply a program may be nested; each operator of a chain is a level, too.
const MAX_NESTING: usize = 300;

/// How many brackets may be open at once, before the lexer sees the text.
const MAX_OPEN: usize = 1000;

/// How many words a program may have that begin a nested term: the parser recurses at each.
const MAX_OPENERS: usize = 1000;

/// Refuses a text that would overflow the stack of the lexer.
pub(super) fn check_text(text: &str) -> Result<(), CompileError> {
    if text.trim().is_empty() {
        return Err(CompileError::new(
            "the expression is empty",
            0,
            Refusal::Rejected,
        ));
    }
    if text.len() > MAX_LENGTH {
        let message = format!("the expression is longer than {MAX_LENGTH} bytes");
        return Err(CompileError::new(message, MAX_LENGTH, Refusal::Unsupported));
    }
    let mut open: usize = 0;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_OPEN {
            return Err(too_deep(offset));
        }
    }
    Ok(())
}

/// Parses a program.
pub(super) fn parse(text: &str) -> Result<Ast<'_>, CompileError> {
    let tokens = Lexer::new(text).lex().map_err(|errors| {
        let (expected, rest) = errors.first().map_or(("token", text), |(expected, rest)| {
            (expected.as_str(), *rest)
        });
        syntax_error(text, expected, rest)
    })?;
    if openers(&tokens) > MAX_OPENERS {
        return Err(too_deep(0));
    }
    let term = Parser::new(&tokens)
        .parse(|parser| parser.term())
        .map_err(|errors| {
            let (expected, found) = errors.first().map_or(("term", None), |(expected, found)| {
                (expected.as_str(), *found)
            });
            syntax_error(text, expected, Token::opt_as_str(found, text))
        })?;
    if let Some(offset) = alternative(&tokens, text) {
        let message = "`?//` is no operator; put a space after the question mark";
        return Err(CompileError::new(message, offset, Refusal::Rejected));
    }
    if depth(&term) > MAX_NESTING {
        return Err(too_deep(0));
    }
    Ok(term)
}

fn openers(tokens: &[Token<&str>]) -> usize {
    const WORDS: [&str; 8] = ["-", "try", "if", "def", "reduce", "foreach", "label", "as"];
    let inside = |token: &Token<&str>| match &token.1 {
        Tok::Block(inner) => openers(inner),
        Tok::Str(parts) => parts
            .iter()
            .map(|part| match part {
                StrPart::Term(term) => openers(std::slice::from_ref(term)),
                _ => 0,
            })
            .sum(),
        _ => usize::from(WORDS.contains(&token.0)),
    };
    tokens.iter().map(inside).sum()
}

/// Where in `text` a part of it begins; zero for a text from elsewhere.
pub(super) fn offset_in(text: &str, part: &str) -> usize {
    let offset = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    if offset <= text.len() { offset } else { 0 }
}

/// The plain path or constant that a term is, if it is one.
pub(super) fn plain(term: &Ast<'_>) -> Option<Plain> {
    match term {
        Term::Id => Some(Plain::Path(Vec::new())),
        Term::Path(head, path) if matches!(**head, Term::Id) => {
            let steps = path.0.iter().map(|(part, optional)| {
                let Part::Index(key) = part else {
                    return None;
                };
                let key = constant(key)
                    .filter(|key| matches!(key, Val::Str(_) | Val::Num(Num::Int(_))))?;
                Some(Step {
                    key,
                    optional: matches!(optional, Opt::Optional),
                })
            });
            steps.collect::<Option<_>>().map(Plain::Path)
        }
        _ => constant(term).map(Plain::Literal),
    }
}

/// The value of a constant.
pub(super) fn constant(term: &Ast<'_>) -> Option<Val> {
    match term {
        Term::Str(None, parts) => {
            let mut text = String::new();
            for part in parts {
                match part {
                    StrPart::Str(part) => text.push_str(part),
                    StrPart::Char(character) => text.push(*character),
                    StrPart::Term(_) => return None,
                }
            }
            Some(Val::from(text))
        }
        Term::Num(token) => Num::from_token(token).map(Val::Num),
        Term::Neg(inner) => match constant(inner)? {
            Val::Num(Num::Int(int)) if int != 0 => Some(Val::Num(Num::Int(-int))),
            _ => None,
        },
        Term::Call("true", args) if args.is_empty() => Some(Val::Bool(true)),
        Term::Call("false", args) if args.is_empty() => Some(Val::Bool(false)),
        Term::Call("null", args) if args.is_empty() => Some(Val::Null),
        Term::Arr(None) => Some(Val::array(Vec::new())),
        _ => None,
    }
}

fn too_deep(offset: usize) -> CompileError {
    CompileError::new(
        "the expression is nested too deeply",
        offset,
        Refusal::Unsupported,
    )
}

fn syntax_error(text: &str, expected: &str, found: &str) -> CompileError {
    let offset = offset_in(text, found);
    let shown: String = found.chars().take(20).collect();
    let message = if shown.is_empty() {
        format!("syntax error: expected {expected} at the end")
    } else {
        format!("syntax error: expected {expected}, found `{shown}`")
    };
    let refusal = if beyond_us(text, offset) {
        Refusal::Unsupported
    } else {
        Refusal::Rejected
    };
    CompileError::new(message, offset, refusal)
}

/// Whether an error is at a construct that jq has and this engine lacks.
fn beyond_us(text: &str, offset: usize) -> bool {
    let rest = text.get(offset..).unwrap_or_default();
    let before = text.get(..offset).unwrap_or_default().trim_end();
    let modules = ["import", "include", "module"];
    let fraction = before.ends_with(|c: char| c.is_ascii_digit()) && rest.starts_with('.')
        || before.ends_with('.') && !rest.starts_with('.')
        || rest.starts_with(|c: char| c.is_ascii_digit()) && before.ends_with('.');
    rest.starts_with("?//")
        || rest.starts_with("//") && before.ends_with('?')
        || modules
            .iter()
            .any(|word| text.trim_start().starts_with(word))
        || fraction
}

/// Where `?//` stands, which jq reads as one token.
fn alternative(tokens: &[Token<&str>], text: &str) -> Option<usize> {
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    let own = pairs
        .filter(|(left, right)| left.0 == "?" && right.0.starts_with("//"))
        .map(|(left, right)| (offset_in(text, left.0), offset_in(text, right.0)))
        .find(|(left, right)| left + 1 == *right)
        .map(|(left, _)| left);
    own.or_else(|| {
        tokens.iter().find_map(|token| match &token.1 {
            Tok::Block(inner) => alternative(inner, text),
            Tok::Str(parts) => parts.iter().find_map(|part| match part {
                StrPart::Term(term) => alternative(std::slice::from_ref(term), text),
                _ => None,
            }),
            _ => None,
        })
    })
}

/// How deeply a term is nested.
fn depth(term: &Ast<'_>) -> usize {
    let deepest = |terms: &mut dyn Iterator<Item = &Ast<'_>>| terms.map(depth).max().unwrap_or(0);
    1 + match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => 0,
        // Parts and entries are compiled into a chain of additions.
        Term::Str(_, parts) => {
            parts.len()
                + deepest(&mut parts.iter().filter_map(|part| match part {
                    StrPart::Term(term) => Some(term),
                    _ => None,
                }))
        }
        Term::Obj(entries) => {
            entries.len()
                + deepest(
                    &mut entries
                        .iter()
                        .flat_map(|(key, value)| std::iter::once(key).chain(value.as_ref())),
                )
        }
        Term::Arr(None) => 0,
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) => depth(inner),
        Term::BinOp(left, op, right) => {
            // A pipe hands over and is gone, so long pipelines are no nesting on their right.
            let right = depth(right);
            match op {
                BinaryOp::Pipe(None) => depth(left).max(right.saturating_sub(1)),
                _ => depth(left).max(right),
            }
        }
        Term::Fold(_, source, _, args) => depth(source).max(deepest(&mut args.iter())),
        Term::TryCatch(inner, handler) => {
            depth(inner).max(handler.as_ref().map_or(0, |handler| depth(handler)))
        }
        Term::IfThenElse(cases, default) => deepest(
            &mut cases
                .iter()
                .flat_map(|(test, then)| [test, then])
                .chain(default.as_deref()),
        ),
        Term::Def(defs, inner) => depth(inner).max(deepest(&mut defs.iter().map(|def| &def.body))),
        Term::Call(_, args) => deepest(&mut args.iter()),
        Term::Path(head, path) => {
            let keys = path.0.iter().flat_map(|(part, _)| match part {
                Part::Index(key) => [Some(key), None],
                Part::Range(from, to) => [from.as_ref(), to.as_ref()],
            });
            depth(head).max(deepest(&mut keys.flatten()))
        }
    }
}
