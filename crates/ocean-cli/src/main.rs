//! `ocean`: what an author needs before there is an integration.

use std::process::ExitCode;

fn main() -> ExitCode {
    ocean_cli::ocean()
}
