//! URLs, and how much of one may be shown.

use url::Url;

use super::{Format, MASK};
use crate::settings::node::Given;

/// Any text that should be a URL.
pub(in crate::settings) fn url_text() -> Format<String> {
    Format::new("text", Given::text, |text| show_url(text))
}

/// A URL of any scheme, without the slashes at its end.
pub(in crate::settings) fn url() -> Format<String> {
    let parse = |given: &Given| {
        let text = given.text()?;
        let text = text.trim();
        let scheme = Url::parse(text).ok()?;
        (scheme.has_host() || scheme.scheme() == "file")
            .then(|| text.trim_end_matches('/').to_owned())
    };
    Format::new(
        "a URL with its scheme, like `https://example.com`",
        parse,
        |url| show_text(url),
    )
}

/// An `http` or `https` URL, without the slashes at its end.
pub(in crate::settings) fn http_url() -> Format<String> {
    let any = url();
    let parse = move |given: &Given| any.parse(given).filter(|url| is_http(url));
    Format::new(
        "an http or https URL, like `https://example.com`",
        parse,
        |url| show_text(url),
    )
}

/// Whether a text is an absolute `http` or `https` URL with a host.
pub(in crate::settings) fn is_http(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// A text for people: of a URL neither its user, password, query nor fragment, any of which may be
/// a secret.
pub(in crate::settings) fn show_text(text: &str) -> String {
    if Url::parse(text).is_ok_and(|url| url.has_host()) {
        show_url(text)
    } else {
        text.to_owned()
    }
}

/// As [`show_text`], for what should be a URL but may not be one.
pub(in crate::settings) fn show_url(text: &str) -> String {
    let Some(mut url) = Url::parse(text).ok().filter(Url::has_host) else {
        let may_hide = text.contains(['@', '?', '#']);
        return if may_hide { MASK } else { text }.to_owned();
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() && url.fragment().is_none() {
        return text.to_owned();
    }
    let user = if has_user { MASK } else { "" };
    if url.set_password(None).is_err() || url.set_username(user).is_err() {
        return MASK.to_owned();
    }
    let query = url.query().is_some().then_some(MASK);
    url.set_query(query);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::check;
    use super::*;

    #[test]
    fn urls_need_a_scheme_and_lose_their_last_slashes() {
        let some = |url: &str| Some(url.to_owned());
        check(
            &url(),
            [
                (json!("https://a.example//"), some("https://a.example")),
                (json!("ftp://a.example/x/"), some("ftp://a.example/x")),
                (json!("a.example"), None),
                (json!("localhost:8000"), None),
                (json!(""), None),
            ],
        );
        check(&http_url(), [(json!("ftp://a.example"), None)]);
    }

    #[test]
    fn a_shown_url_has_no_user_and_no_query() {
        for (text, shown) in [
            ("https://a.example/x", "https://a.example/x"),
            ("https://u:p@a.example/x", "https://********@a.example/x"),
            (
                "https://a.example/?token=x#y",
                "https://a.example/?********",
            ),
            ("why? u@v", "why? u@v"),
        ] {
            assert_eq!(show_text(text), shown);
        }
        assert_eq!(show_url("a.example?token=x"), MASK);
        assert_eq!(show_url("a.example/x"), "a.example/x");
    }
}
