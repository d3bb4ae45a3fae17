//! How does a term become a filter of the interpreter?

use std::collections::HashSet;
use std::sync::OnceLock;
use std::thread;

use jaq_core::compile::Undefined;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::path::Part;
use jaq_core::{Compiler, Filter};

use super::desugar::{self, Ast};
use super::natives;
use super::parse::offset_in;
use super::program::{CompileError, Data, Refusal};

/// The stack for parsing a program that is as long and as nested as a program may be.
const PARSER_STACK: usize = 256 << 20;

/// Programs up to this length fit any stack, however nested they are.
const SHORT: usize = 100;

/// Our definitions, in the language itself.
const DEFINITIONS: &str = include_str!("defs.jq");

/// What jq has and we do not.
const LACKING: [&str; 6] = [
    "builtins",
    "get_jq_origin",
    "get_prog_origin",
    "lgamma_r",
    "modulemeta",
    "getpath_stream",
];

/// Runs the parser, which recurses, on a stack that is large enough for `text`.
pub(super) fn with_parser_stack<R: Send>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<R, CompileError> + Send,
) -> Result<R, CompileError> {
    if text.len() <= SHORT {
        return parse(text);
    }
    let unavailable = |_| {
        CompileError::new(
            "no thread to compile the expression on",
            0,
            Refusal::Unsupported,
        )
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("jq-compile".to_owned())
            .stack_size(PARSER_STACK);
        let compiling = thread
            .spawn_scoped(scope, || parse(text))
            .map_err(unavailable)?;
        compiling.join().unwrap_or_else(|_panic| {
            Err(CompileError::new(
                "the compiler failed",
                0,
                Refusal::Unsupported,
            ))
        })
    })
}

/// Compiles a parsed program together with those of our definitions that it uses.
pub(super) fn compile<'s>(term: Ast<'s>, text: &'s str) -> Result<Filter<Data>, CompileError> {
    let main = desugar::program(term, text);
    let mut defs: Vec<Def<&'s str>> = used(&main);
    defs.push(Def {
        name: "_main",
        args: Vec::new(),
        body: main,
    });

    let arena = Arena::default();
    let failed = |offset, message: String, kind| CompileError::new(message, offset, kind);
    let modules = Loader::new(defs)
        .load(
            &arena,
            File {
                code: "_main",
                path: (),
            },
        )
        .map_err(|_errors| {
            failed(
                0,
                "the expression cannot be loaded".to_owned(),
                Refusal::Unsupported,
            )
        })?;
    Compiler::default()
        .with_funs(natives::all())
        .with_global_vars(["$ENV"])
        .compile(modules)
        .map_err(|errors| {
            let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
            let (name, what) = first.unwrap_or(("", Undefined::Mod));
            undefined(text, name, &what)
        })
}

fn undefined(text: &str, name: &str, what: &Undefined) -> CompileError {
    let (shown, kind) = match what {
        Undefined::Filter(arity) => {
            let lacking = LACKING.contains(&name) || name.contains("::");
            let kind = if lacking {
                Refusal::Unsupported
            } else {
                Refusal::Rejected
            };
            (format!("{name}/{arity}"), kind)
        }
        Undefined::Mod => (name.to_owned(), Refusal::Unsupported),
        _ => (name.to_owned(), Refusal::Rejected),
    };
    CompileError::new(
        format!("{shown} is not defined"),
        offset_in(text, name),
        kind,
    )
}

/// Our definitions that a term needs, with those that they need, in their order.
fn used<'s>(main: &Ast<'s>) -> Vec<Def<&'s str>> {
    let all = definitions();
    let mut calls = HashSet::new();
    collect_calls(main, &mut calls);
    let mut used = vec![false; all.len()];
    // A definition sees only those before it, and itself: one pass backwards finds all.
    for (at, def) in all.iter().enumerate().rev() {
        if calls.contains(&(def.name, def.args.len())) {
            if let Some(used) = used.get_mut(at) {
                *used = true;
            }
            collect_calls(&def.body, &mut calls);
        }
    }
    all.iter()
        .zip(used)
        .filter(|(_, used)| *used)
        .map(|(def, _)| def.clone())
        .collect()
}

fn definitions() -> &'static [Def] {
    static PARSED: OnceLock<Vec<Def>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let defs = load::parse(DEFINITIONS, |parser| parser.defs()).unwrap_or_default();
        defs.into_iter()
            .map(|def| desugar::definition(def, DEFINITIONS))
            .collect()
    })
}

/// Names and arities of all calls in a term.
fn collect_calls<'s>(term: &Ast<'s>, calls: &mut HashSet<(&'s str, usize)>) {
    if let Term::Call(name, args) = term {
        calls.insert((name, args.len()));
    }
    if let Term::Str(Some(format), _) = term {
        calls.insert((format, 0));
    }
    for child in children(term) {
        collect_calls(child, calls);
    }
}

/// The terms directly inside a term.
pub(super) fn children<'t, 's>(term: &'t Ast<'s>) -> Vec<&'t Ast<'s>> {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => Vec::new(),
        Term::Str(_, parts) => parts
            .iter()
            .filter_map(|part| {
                if let StrPart::Term(term) = part {
                    Some(term)
                } else {
                    None
                }
            })
            .collect(),
        Term::Obj(entries) => entries
            .iter()
            .flat_map(|(key, value)| std::iter::once(key).chain(value))
            .collect(),
        Term::Arr(inner) => inner.iter().map(|inner| &**inner).collect(),
        Term::Neg(inner) | Term::Label(_, inner) => vec![inner],
        Term::BinOp(left, op, right) => {
            let mut children: Vec<&'t Ast<'s>> = vec![left, right];
            if let BinaryOp::Pipe(Some(pattern)) = op {
                pattern_terms(pattern, &mut children);
            }
            children
        }
        Term::Fold(_, source, pattern, args) => {
            let mut children: Vec<&'t Ast<'s>> = vec![source];
            pattern_terms(pattern, &mut children);
            children.extend(args);
            children
        }
        Term::TryCatch(inner, handler) => std::iter::once(&**inner)
            .chain(handler.as_deref())
            .collect(),
        Term::IfThenElse(cases, default) => cases
            .iter()
            .flat_map(|(test, then)| [test, then])
            .chain(default.as_deref())
            .collect(),
        Term::Def(defs, inner) => defs
            .iter()
            .map(|def| &def.body)
            .chain(std::iter::once(&**inner))
            .collect(),
        Term::Call(_, args) => args.iter().collect(),
        Term::Path(head, path) => {
            let keys = path.0.iter().flat_map(|(part, _)| match part {
                Part::Index(key) => [Some(key), None],
                Part::Range(from, to) => [from.as_ref(), to.as_ref()],
            });
            std::iter::once(&**head).chain(keys.flatten()).collect()
        }
    }
}

fn pattern_terms<'t, 's>(pattern: &'t Pattern<&'s str>, terms: &mut Vec<&'t Ast<'s>>) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(items) => items.iter().for_each(|item| pattern_terms(item, terms)),
        Pattern::Obj(entries) => {
            for (key, item) in entries {
                terms.push(key);
                pattern_terms(item, terms);
            }
        }
    }
}
