//! The program as its users meet it: what it prints, and how it ends.

#![cfg(test)]

mod apply;
mod book;
mod canary;
mod certificates;
mod confined;
mod demo;
mod desk;
mod doctor;
mod incremental;
mod killed;
mod lint;
mod live;
mod machine;
mod observed;
mod outbound;
mod plan;
mod process;
mod provisioning;
mod raw_data;
mod refused;
mod running;
mod schema;
mod serving;
mod settings;
mod shadow;
mod soak;
mod staying;
mod stopped;
mod tape;
mod transcripts;
mod watch;
