//! What does the original check about features that we do not have?
//!
//! Nothing reads these settings. They are checked all the same, so that a deployment which the
//! original refuses is refused here too, and shown when somebody gives them.

use crate::settings::format;
use crate::settings::reader::Section;

/// `streaming`: large answers go through files there; here they never are in memory as a whole.
pub(super) fn streaming(section: &mut Section<'_>) {
    section.inert("enabled", &format::boolean());
    section.inert("max_buffer_size_mb", &format::integer());
    section.inert("chunk_size", &format::integer());
    section.inert("location", &format::text());
}

/// `live_events.redis`: reading the stream is refused when the process starts, until it is built.
pub(super) fn redis(section: &mut Section<'_>) {
    const COUNTS: [&str; 7] = [
        "block_ms",
        "read_count",
        "stream_ttl_seconds",
        "pel_stuck_timeout_seconds",
        "pel_max_requeue_count",
        "pel_xautoclaim_count",
        "stream_maintenance_consumer_cleanup_idle_seconds",
    ];
    const PAUSES: [&str; 5] = [
        "stream_maintenance_scan_interval_seconds",
        "stream_maintenance_error_backoff_seconds",
        "connection_error_backoff_seconds",
        "connection_startup_initial_backoff_seconds",
        "connection_startup_exponential_base",
    ];
    const SWITCHES: [&str; 2] = [
        "stream_maintenance_worker_enabled",
        "stream_maintenance_consumer_cleanup_enabled",
    ];
    for key in COUNTS {
        section.inert(key, &format::at_least(1_i64));
    }
    for key in PAUSES {
        section.inert(key, &format::above_zero());
    }
    for key in SWITCHES {
        section.inert(key, &format::boolean());
    }
    section.inert("connection_startup_max_retries", &format::at_least(0_i64));
    section.inert("username", &format::text());
    section.inert("password", &format::text().secret(true));
    section.inert("ca", &format::text());
    redis_encryption(section);
    redis_client_certificate(section);
}

/// The scheme of the address and the switch have to say the same.
fn redis_encryption(section: &mut Section<'_>) {
    let url = section.inert("url", &format::url_text());
    let enabled = section.inert("enable_tls", &format::boolean()) == Some(true);
    let scheme = url.as_deref().and_then(|url| url.split_once("://"));
    let encrypted = scheme.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("rediss"));
    let (key, problem) = match (enabled, encrypted) {
        (true, false) => ("enable_tls", "the address does not begin with `rediss://`"),
        (false, true) => (
            "url",
            "begins with `rediss://`, but `enable_tls` is not true",
        ),
        _ => return,
    };
    if let Some(origin) = section.origin_of(key) {
        section.fault(key, &origin, problem.to_owned());
    }
}

/// Both halves, or none.
fn redis_client_certificate(section: &mut Section<'_>) {
    let is_given = |text: Option<String>| text.is_some_and(|text| !text.is_empty());
    let certificate = is_given(section.inert("cert", &format::text()));
    let key = is_given(section.inert("private_key", &format::text().secret(true)));
    let (given, lacks) = match (certificate, key) {
        (true, false) => ("cert", "private_key"),
        (false, true) => ("private_key", "cert"),
        _ => return,
    };
    if let Some(origin) = section.origin_of(given) {
        section.fault(given, &origin, format!("is of no use without `{lacks}`"));
    }
}
