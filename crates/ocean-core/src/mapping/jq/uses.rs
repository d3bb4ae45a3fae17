//! Where does an expression read the environment?

use jaq_core::load::parse::Term;
use jaq_core::path::Part;

use super::compile::children;
use super::desugar::Ast;
use super::value::Val;
use super::{parse, rewrite};

/// The places at which `env` or `$ENV` stand, as characters of the text, each with the variable
/// that is read; [`None`] when it may be any of them. Empty for what does not parse.
pub(crate) fn environment_uses(text: &str) -> Vec<(usize, Option<String>)> {
    let rewritten = rewrite::rewrite(text);
    let parsed = parse::check_text(text).and_then(|()| parse::parse(rewritten.text()));
    let mut uses = Vec::new();
    if let Ok(term) = parsed {
        collect(&term, rewritten.text(), &mut uses);
    }
    for (offset, _) in &mut uses {
        let before = text.get(..rewritten.original(*offset));
        *offset = before.map_or(0, |before| before.chars().count());
    }
    uses
}

fn collect(term: &Ast<'_>, text: &str, uses: &mut Vec<(usize, Option<String>)>) {
    if let Term::Path(head, path) = term
        && let Some(name) = environment(head)
    {
        let variable = match path.0.first() {
            Some((Part::Index(key), _)) => match parse::constant(key) {
                Some(Val::Str(variable)) => Some(variable.to_string()),
                _ => None,
            },
            _ => None,
        };
        uses.push((parse::offset_in(text, name), variable));
        children(term)
            .into_iter()
            .skip(1)
            .for_each(|key| collect(key, text, uses));
        return;
    }
    if let Some(name) = environment(term) {
        uses.push((parse::offset_in(text, name), None));
    }
    for child in children(term) {
        collect(child, text, uses);
    }
}

fn environment<'s>(term: &Ast<'s>) -> Option<&'s str> {
    match term {
        Term::Call(name @ "env", arguments) if arguments.is_empty() => Some(name),
        Term::Var(name @ "$ENV") => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_use_of_the_environment_is_found_with_its_variable() {
        let named = |name: &str| Some(name.to_owned());
        for (text, expected) in [
            (".key", vec![]),
            ("env.PAGER", vec![(0, named("PAGER"))]),
            (".a + $ENV.TOKEN", vec![(5, named("TOKEN"))]),
            ("\"é\\(env[\"A\"])\"", vec![(4, named("A"))]),
            ("[env | keys[]]", vec![(1, None)]),
            ("$ENV[.name]", vec![(0, None)]),
            ("env.A // env.B", vec![(0, named("A")), (9, named("B"))]),
            ("\"env\" + .env", vec![]),
        ] {
            assert_eq!(environment_uses(text), expected, "{text}");
        }
    }
}
