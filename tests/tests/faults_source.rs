//! Jira misbehaves: what the resync makes of it. Tests are named after the rows of the fault
//! matrix.

#[path = "faults_source/answers.rs"]
mod answers;
