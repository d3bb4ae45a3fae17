//! Every command that the book and the README show exists, with every flag they give it.

use std::fs;
use std::path::Path;

use super::process::Program;

/// The commands of a page's shell blocks, without comments and what they are piped into.
fn commands(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let lines = blocks.flat_map(str::lines).map(str::trim);
    let lines = lines.map(|line| line.split(" #").next().unwrap_or_default());
    let lines = lines.map(|line| line.split(['|', '>']).next().unwrap_or_default());
    lines
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// What the program `ocean-jira` is told by a command, if it is one of ours.
fn told(command: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = command.split_whitespace().collect();
    if words.first() == Some(&"ocean-jira") {
        return Some(words.into_iter().skip(1).collect());
    }
    // A program of one's own has the same commands.
    let is_ours = words.starts_with(&["cargo", "run"])
        && words
            .iter()
            .position(|word| *word == "-p")
            .is_none_or(|at| words.get(at + 1) == Some(&"ocean-jira"));
    let at = words.iter().position(|word| *word == "--")?;
    is_ours.then(|| words.into_iter().skip(at + 1).collect())
}

#[tokio::test]
async fn every_command_that_is_shown_exists() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pages = fs::read_dir(workspace.join("docs")).unwrap();
    let mut pages: Vec<_> = pages.map(|page| page.unwrap().path()).collect();
    pages.push(workspace.join("README.md"));
    let mut known = 0;
    for page in pages
        .iter()
        .filter(|page| page.extension().is_some_and(|is| is == "md"))
    {
        for command in commands(&fs::read_to_string(page).unwrap()) {
            let Some(words) = told(&command) else {
                continue;
            };
            let flags = words.iter().filter(|word| word.starts_with('-'));
            let names = words
                .iter()
                .take_while(|word| word.chars().all(|letter| letter.is_ascii_lowercase()));
            // The second word is a command of a command (`config show`), or an argument.
            let mut help = Program::new().run(&["--help"]).await;
            let mut path: Vec<&str> = Vec::new();
            for name in names.take(2) {
                let longer = [&path[..], &[name, "--help"]].concat();
                let found = Program::new().run(&longer).await;
                if found.code != Some(0) {
                    assert!(!path.is_empty(), "{}: `{command}`", page.display());
                    break;
                }
                (help, path) = (found, [&path[..], &[*name]].concat());
            }
            for flag in flags {
                let flag = flag.split('=').next().unwrap_or_default();
                let exists = help.stdout.contains(&format!("{flag} "))
                    || help.stdout.contains(&format!("{flag},"))
                    || help.stdout.contains(&format!("{flag}\n"));
                assert!(exists, "{}: `{command}` has no {flag}", page.display());
            }
            known += 1;
        }
    }
    assert!(known > 20, "{known}");
}
