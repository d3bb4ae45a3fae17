//! What a test says that cannot run on this machine.

/// Says that a test did not run, and why, so that nobody takes it for passed.
///
/// # Panics
///
/// With `OCEAN_FORBID_SKIP` in the environment, which whoever has to see every test run sets.
#[expect(clippy::print_stderr, reason = "a test has no other way to say so")]
pub fn not_run(reason: &str) {
    let forbidden = std::env::var_os("OCEAN_FORBID_SKIP").is_some();
    assert!(!forbidden, "not run: {reason}");
    eprintln!("not run: {reason}");
}
