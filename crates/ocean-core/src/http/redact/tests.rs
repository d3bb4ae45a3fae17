use super::*;

fn full(text: &str) -> String {
    Masker::default().full(text).into_owned()
}

#[test]
fn every_known_shape_of_a_secret_is_hidden() {
    let alphanumerics = "a1".repeat(18);
    for secret in [
        "postgres://user:pass@db.example/prod".to_owned(),
        format!("apikey = '{alphanumerics}'"),
        format!("API_KEY: \"{alphanumerics}\""),
        format!("secret=\"{alphanumerics}\""),
        format!("github token \"{alphanumerics}\""),
        format!("AIza{}", "x".repeat(35)),
        "my-app.firebaseio.com".to_owned(),
        "-----BEGIN RSA PRIVATE KEY-----".to_owned(),
        "-----BEGIN PGP PRIVATE KEY BLOCK-----".to_owned(),
        "AKIAABCDEFGHIJKLMNOP".to_owned(),
        "amzn.mws.01234567-89ab-cdef-0123-456789abcdef".to_owned(),
        format!("123-{}.apps.googleusercontent.com", "a".repeat(32)),
        "\"type\": \"service_account\"".to_owned(),
        "ya29.abc-DEF_1".to_owned(),
    ] {
        let masked = full(&format!("before {secret} after"));
        assert_eq!(masked, "before [REDACTED] after", "{secret}");
    }
}

#[test]
fn ordinary_text_is_not_copied() {
    let text = "https://tracker.example/browse/PORT-1 is done, ask ann@example.com";
    assert!(matches!(
        Masker::new(["hunter22"]).full(text),
        Cow::Borrowed(_)
    ));
}

#[test]
fn short_and_empty_values_hide_nothing() {
    let masker = Masker::new(["", "  ", "a", "abc"]);
    assert_eq!(masker.full("abc a"), "abc a");
}

#[test]
fn a_registered_value_is_hidden_in_its_encoded_forms_too() {
    let masker = Masker::new(["p@ss-w.rd"]);
    for form in [
        "p@ss-w.rd",
        "p%40ss-w.rd",
        "p%40ss%2Dw%2Erd",
        "cEBzcy13LnJk",
    ] {
        assert_eq!(masker.full(&format!("?x={form}&")), "?x=[REDACTED]&");
    }
}

#[test]
fn a_secret_inside_a_longer_secret_does_not_expose_the_rest() {
    let masker = Masker::new(["pass", "passphrase"]);
    assert_eq!(masker.full("passphrase"), "[REDACTED]");
}

#[test]
fn partial_masking_cuts_between_characters() {
    let masker = Masker::new(["ééééééééé"]);
    assert_eq!(masker.partial("ééééééééé"), "éééééé[REDACTED]");
}

#[test]
fn an_excerpt_is_one_short_masked_line() {
    let masker = Masker::new(["hunter22"]);
    let body =
        b"{\n\"access_token\": \"abc\", \"note\": \"Bearer abcdefghijk\", \"x\": \"hunter22\"}";
    let excerpt = masker.excerpt(body, 300);
    for secret in ["abc", "hunter22", "\n"] {
        assert!(!excerpt.contains(secret), "{excerpt}");
    }
    assert!(masker.excerpt(&[b'x'; 10_000], 200).len() <= 200 + '…'.len_utf8());
    assert_eq!(masker.excerpt(b"", 200), "empty body");
}

#[test]
fn the_uri_of_a_request_loses_user_and_tokens() {
    let uri = Uri::from_static("https://me:pw@h.example:8443/a?b=c&api_key=k&nextPageToken=t");
    assert_eq!(
        redact_uri(&uri),
        "https://h.example:8443/a?b=c&api_key=[REDACTED]&nextPageToken=[REDACTED]"
    );
}

#[test]
fn debug_shows_no_secret() {
    assert!(!format!("{:?}", Masker::new(["hunter22"])).contains("hunter22"));
}

#[test]
fn an_escaped_secret_is_hidden_too() {
    let masker = Masker::new([r#"a "b" \c"#]);
    let shown = format!("{:?}", r#"in a "b" \c here"#);
    assert_eq!(masker.full(&shown), r#""in [REDACTED] here""#);
}

#[test]
fn json_is_masked_in_its_texts_only() {
    let masker = Masker::new(["s3cret"]);
    let mut value = serde_json::json!({"s3cret": ["a s3cret", {"n": 1, "t": "s3cret"}]});
    masker.full_json(&mut value);
    let hidden = serde_json::json!({"s3cret": ["a [REDACTED]", {"n": 1, "t": "[REDACTED]"}]});
    assert_eq!(value, hidden);
}
