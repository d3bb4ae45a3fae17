//! Where does the interpreter evaluate a construct differently from jq, and how is it bridged?
//!
//! Between parsing and compiling, terms are rewritten:
//!
//! - every definition, and every second branch of a comma, begins with `_tick`, which counts a step
//!   and checks the stack; with the generators that count, nothing can loop or recurse unnoticed;
//! - assignments become calls of natives that work on paths, as in jq;
//! - where both operands of an operator have several outputs, the right one is the outer loop;
//! - `reduce` and `foreach` go on with the last output of the update, or null if it has none;
//! - `$__loc__` becomes an object.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Opt, Part, Path};

/// A term of a program with the lifetime of its text.
pub(super) type Ast<'s> = Term<&'s str>;

/// Names that no program can write, for values that are bound on the way.
const BOUND: [&str; 16] = [
    "$0", "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14",
    "$15",
];

/// Rewrites a definition.
pub(super) fn definition<'s>(def: Def<&'s str>, text: &'s str) -> Def<&'s str> {
    let body = ticked(Desugar { text }.term(def.body));
    Def {
        name: def.name,
        args: def.args,
        body,
    }
}

/// Rewrites the main term of a program.
pub(super) fn program<'s>(term: Ast<'s>, text: &'s str) -> Ast<'s> {
    Desugar { text }.term(term)
}

struct Desugar<'s> {
    text: &'s str,
}

impl<'s> Desugar<'s> {
    fn term(&self, term: Ast<'s>) -> Ast<'s> {
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) => term,
            Term::Var("$__loc__") => self.location(term),
            Term::Var(_) => term,
            Term::Str(format, parts) => self.text(format, parts),
            Term::Arr(inner) => Term::Arr(inner.map(|inner| self.boxed(inner))),
            Term::Obj(entries) => Term::Obj(entries.into_iter().map(|e| self.entry(e)).collect()),
            Term::Neg(inner) => Term::Neg(self.boxed(inner)),
            Term::BinOp(left, op, right) => self.operation(*left, op, *right),
            Term::Label(name, inner) => Term::Label(name, self.boxed(inner)),
            Term::Fold(name, source, pattern, args) => self.fold(name, *source, pattern, args),
            Term::TryCatch(inner, handler) => Term::TryCatch(
                self.boxed(inner),
                handler.map(|handler| self.boxed(handler)),
            ),
            Term::IfThenElse(cases, default) => Term::IfThenElse(
                cases
                    .into_iter()
                    .map(|(test, then)| (self.term(test), self.term(then)))
                    .collect(),
                default.map(|default| self.boxed(default)),
            ),
            Term::Def(defs, inner) => Term::Def(
                defs.into_iter()
                    .map(|def| definition(def, self.text))
                    .collect(),
                self.boxed(inner),
            ),
            Term::Call(name, args) => Term::Call(name, self.terms(args)),
            Term::Path(head, path) => self.path(*head, path),
        }
    }

    #[expect(clippy::boxed_local, reason = "the syntax tree is made of boxes")]
    fn boxed(&self, term: Box<Ast<'s>>) -> Box<Ast<'s>> {
        Box::new(self.term(*term))
    }

    fn terms(&self, terms: Vec<Ast<'s>>) -> Vec<Ast<'s>> {
        terms.into_iter().map(|term| self.term(term)).collect()
    }

    fn path(&self, head: Ast<'s>, path: Path<Ast<'s>>) -> Ast<'s> {
        let bound = |bound: Option<Ast<'s>>| bound.map(|bound| self.term(bound));
        let parts = path.0.into_iter().map(|(part, optional)| match part {
            Part::Index(key) => (Part::Index(self.term(key)), optional),
            Part::Range(from, to) => (Part::Range(bound(from), bound(to)), optional),
        });
        Term::Path(Box::new(self.term(head)), Path(parts.collect()))
    }

    fn entry(&self, (key, value): (Ast<'s>, Option<Ast<'s>>)) -> (Ast<'s>, Option<Ast<'s>>) {
        match (key, value) {
            (Term::Var("$__loc__"), None) => {
                (plain("__loc__"), Some(self.term(Term::Var("$__loc__"))))
            }
            (key @ Term::Var(_), Some(value)) => (self.term(key), Some(self.term(value))),
            (key, value) => (self.term(key), value.map(|value| self.term(value))),
        }
    }

    fn operation(&self, left: Ast<'s>, op: BinaryOp<&'s str>, right: Ast<'s>) -> Ast<'s> {
        let op = match op {
            BinaryOp::Pipe(Some(pattern)) => BinaryOp::Pipe(Some(self.pattern(pattern))),
            op => op,
        };
        let (left, right) = (self.term(left), self.term(right));
        match op {
            BinaryOp::Comma => binary(left, BinaryOp::Comma, ticked(right)),
            BinaryOp::Assign => Term::Call("_assign", vec![left, right]),
            BinaryOp::Update => Term::Call("_modify", vec![left, right]),
            BinaryOp::UpdateMath(op) => update(left, BinaryOp::Math(op), right),
            BinaryOp::UpdateAlt => update(left, BinaryOp::Alt, right),
            BinaryOp::Math(_) | BinaryOp::Cmp(_) if many(&left) && many(&right) => {
                let [name, ..] = BOUND;
                bind(right, name, binary(left, op, Term::Var(name)))
            }
            op => binary(left, op, right),
        }
    }

    fn pattern(&self, pattern: Pattern<&'s str>) -> Pattern<&'s str> {
        match pattern {
            Pattern::Var(_) => pattern,
            Pattern::Arr(items) => {
                Pattern::Arr(items.into_iter().map(|item| self.pattern(item)).collect())
            }
            Pattern::Obj(entries) => Pattern::Obj(
                entries
                    .into_iter()
                    .map(|(key, item)| (self.term(key), self.pattern(item)))
                    .collect(),
            ),
        }
    }

    /// Text with several interpolations that have several outputs: the last one is the outer loop.
    fn text(&self, format: Option<&'s str>, parts: Vec<StrPart<&'s str, Ast<'s>>>) -> Ast<'s> {
        let mut outer = Vec::new();
        let mut names = BOUND.iter();
        let several = parts
            .iter()
            .filter(|part| matches!(part, StrPart::Term(t) if many(t)));
        let several = several.count() > 1;
        let parts = parts.into_iter().map(|part| match part {
            StrPart::Term(term) if several && many(&term) => match names.next() {
                Some(name) => {
                    outer.push((self.term(term), *name));
                    StrPart::Term(Term::Var(*name))
                }
                None => StrPart::Term(self.term(term)),
            },
            StrPart::Term(term) => StrPart::Term(self.term(term)),
            part => part,
        });
        let text = Term::Str(format, parts.collect());
        outer
            .into_iter()
            .fold(text, |inner, (term, name)| bind(term, name, inner))
    }

    fn fold(
        &self,
        name: &'s str,
        source: Ast<'s>,
        pattern: Pattern<&'s str>,
        args: Vec<Ast<'s>>,
    ) -> Ast<'s> {
        let source = Box::new(self.term(source));
        let pattern = self.pattern(pattern);
        let mut args = self.terms(args);
        if let [init, step, ..] = args.as_mut_slice()
            && many(step)
        {
            let old = std::mem::take(step);
            if name == "reduce" {
                *step = Term::Call("_last_or_null", vec![old]);
            } else if !many(init) {
                // The state becomes the list of all outputs of the update, which are projected
                // each; the update goes on from the last.
                *init = Term::Arr(Some(Box::new(std::mem::take(init))));
                let last = Term::Path(Box::new(Term::Id), at(Term::Neg(Box::new(Term::Num("1")))));
                *step = Term::Arr(Some(Box::new(pipe(last, old))));
                let each = Term::Path(Box::new(Term::Id), iterate());
                match args.get_mut(2) {
                    Some(projection) => *projection = pipe(each, std::mem::take(projection)),
                    None => args.push(each),
                }
            }
        }
        Term::Fold(name, source, pattern, args)
    }

    /// The object that `$__loc__` stands for.
    fn location(&self, variable: Ast<'s>) -> Ast<'s> {
        let Term::Var(name) = variable else {
            return variable;
        };
        let before = name
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr());
        let line = self
            .text
            .bytes()
            .take(before)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        let line = LINES.get(line - 1).copied().unwrap_or("0");
        Term::Obj(vec![
            (plain("file"), Some(plain("<top-level>"))),
            (plain("line"), Some(Term::Num(line))),
        ])
    }
}

/// The numbers of lines that `$__loc__` can name: terms borrow their text.
const LINES: [&str; 20] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17",
    "18", "19", "20",
];

/// Whether a term may have other than exactly one output.
pub(super) fn many(term: &Ast<'_>) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(_) | Term::Break(_) => false,
        Term::Str(_, parts) => parts
            .iter()
            .any(|part| matches!(part, StrPart::Term(term) if many(term))),
        Term::Obj(entries) => entries
            .iter()
            .any(|(key, value)| many(key) || value.as_ref().is_some_and(many)),
        Term::Neg(inner) => many(inner),
        Term::BinOp(left, op, right) => matches!(op, BinaryOp::Comma) || many(left) || many(right),
        Term::Path(head, path) => {
            many(head)
                || path.0.iter().any(|(part, optional)| {
                    matches!(optional, Opt::Optional) || several_parts(part)
                })
        }
        Term::IfThenElse(cases, default) => {
            cases.iter().any(|(test, then)| many(test) || many(then))
                || default.as_ref().is_some_and(|default| many(default))
        }
        Term::Call(name, args) => !SINGLE.contains(name) || args.iter().any(many),
        Term::Fold("reduce", _, _, args) => args.first().is_none_or(many),
        _ => true,
    }
}

/// Calls that have one output if their arguments have.
const SINGLE: [&str; 30] = [
    "true",
    "false",
    "null",
    "not",
    "length",
    "add",
    "keys",
    "tostring",
    "tonumber",
    "type",
    "ascii_downcase",
    "ascii_upcase",
    "split",
    "join",
    "test",
    "startswith",
    "endswith",
    "contains",
    "has",
    "map",
    "first",
    "last",
    "reverse",
    "sort",
    "unique",
    "floor",
    "tojson",
    "fromjson",
    "ltrimstr",
    "rtrimstr",
];

fn several_parts(part: &Part<Ast<'_>>) -> bool {
    match part {
        Part::Index(key) => many(key),
        Part::Range(None, None) => true,
        Part::Range(from, to) => [from, to].into_iter().flatten().any(many),
    }
}

fn ticked(term: Ast<'_>) -> Ast<'_> {
    pipe(Term::Call("_tick", Vec::new()), term)
}

fn pipe<'s>(left: Ast<'s>, right: Ast<'s>) -> Ast<'s> {
    binary(left, BinaryOp::Pipe(None), right)
}

fn binary<'s>(left: Ast<'s>, op: BinaryOp<&'s str>, right: Ast<'s>) -> Ast<'s> {
    Term::BinOp(Box::new(left), op, Box::new(right))
}

fn bind<'s>(value: Ast<'s>, name: &'s str, inner: Ast<'s>) -> Ast<'s> {
    binary(value, BinaryOp::Pipe(Some(Pattern::Var(name))), inner)
}

/// `paths op= value`
fn update<'s>(paths: Ast<'s>, op: BinaryOp<&'s str>, value: Ast<'s>) -> Ast<'s> {
    let [name, ..] = BOUND;
    let changed = binary(Term::Id, op, Term::Var(name));
    bind(value, name, Term::Call("_modify", vec![paths, changed]))
}

fn plain(text: &str) -> Ast<'_> {
    Term::Str(None, vec![StrPart::Str(text)])
}

fn at(key: Ast<'_>) -> Path<Ast<'_>> {
    Path(vec![(Part::Index(key), Opt::Essential)])
}

fn iterate<'s>() -> Path<Ast<'s>> {
    Path(vec![(Part::Range(None, None), Opt::Essential)])
}
