//! What does the help of each command end with? Something to copy.

pub(super) const SAIL: &str = "\
Exit codes:
  0    done; with --shadow: no differences
  3    --shadow found differences
  10   settings or mapping are invalid
  11   Port or the third-party system refused the credentials
  12   incomplete: something was not read, written or deleted; the report says what
  13   the state folder cannot be used, usually because another process uses it
  130  stopped by Ctrl-C (143: by SIGTERM)

Examples:
  sail                             stay up: resyncs and live events, as configured
  sail --once                      one resync
  sail --once --record run.jsonl   one resync, and keep what it read
  sail --shadow --json             beside another program that writes: tell the differences
  sail /etc/ocean                  with the .env and config.yaml of that folder";

pub(super) const DEMO: &str = "\
Examples:
  demo                   1000 items, from nothing to a catalog that is equal
  demo --issues 50000    more of them
  demo --serve           and keep both systems running to play with";

pub(super) const TWIN: &str = "\
Examples:
  twin port --port 3000                  an empty Port
  twin port --latency-ms 20              a slow one
  twin port --faults faults.json         one in which things go wrong";

pub(super) const CONFIG: &str = "\
Examples:
  config show               each setting, its value, and where it was given
  config show /etc/ocean    with the .env and config.yaml of that folder";

pub(super) const DLQ: &str = "\
Examples:
  dlq list            what was given up, and why
  dlq replay 4 17     two of them, by the numbers that `list` shows
  dlq drop --all      forget all of them";

pub(super) const DLQ_LIST: &str = "\
Examples:
  dlq list                        what was given up, and why
  dlq list --state-dir /state     of a folder, without any settings";

pub(super) const DLQ_CHOICE: &str = "\
Examples:
  dlq replay 3 4      two of them, by the numbers that `dlq list` shows
  dlq replay --all    all of them
  dlq drop 3          forget one for good";

pub(super) const SCHEMA: &str = "\
Examples:
  schema mapping > mapping.schema.json      for the mapping
  schema settings > settings.schema.json    for config.yaml";

pub(super) const COMPLETIONS: &str = "\
Examples (NAME stands for the name of this program):
  NAME completions bash > ~/.local/share/bash-completion/completions/NAME
  NAME completions zsh > \"${fpath[1]}/_NAME\"
  NAME completions fish > ~/.config/fish/completions/NAME.fish";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use crate::arguments::Arguments;

    /// All commands, those that only group others included.
    fn all(command: &clap::Command) -> Vec<clap::Command> {
        let below = command.get_subcommands();
        below
            .flat_map(|one| [vec![one.clone()], all(one)].concat())
            .collect()
    }

    #[test]
    fn the_help_of_every_command_has_examples_of_itself() {
        let commands = all(&Arguments::command());
        assert!(commands.len() > 15, "{}", commands.len());
        for mut command in commands {
            let name = command.get_name().to_owned();
            let help = command.render_help().to_string();
            let (_, examples) = help.split_once("\nExamples").unwrap_or_default();
            assert!(examples.contains(&name), "{name}: {help}");
        }
    }
}
