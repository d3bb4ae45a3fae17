//! How do parameters get into an address? Percent-encoded, by [`with_query`].

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 3986 reserves nowhere stays as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// This address with these parameters in its query, behind those that it has.
///
/// Names and values are percent-encoded, whatever is in them; a parameter without a value is left
/// out, such as the cursor of a first page.
///
/// ```
/// use ocean_core::http::with_query;
///
/// let cursor: Option<String> = Some("a/b+c=".to_owned());
/// let parameters = [("state", Some("in work")), ("cursor", cursor.as_deref())];
/// let url = with_query("https://desk.example/tickets?per_page=100", parameters);
/// assert_eq!(
///     url,
///     "https://desk.example/tickets?per_page=100&state=in%20work&cursor=a%2Fb%2Bc%3D",
/// );
/// ```
#[must_use]
pub fn with_query<'a, V>(url: &str, parameters: impl IntoIterator<Item = (&'a str, V)>) -> String
where
    V: Into<Option<&'a str>>,
{
    let mut url = url.to_owned();
    let encoded = |text| utf8_percent_encode(text, ENCODED);
    for (name, value) in parameters {
        let Some(value) = value.into() else { continue };
        let before = match url.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        // Writing to a text cannot fail.
        let _written = write!(url, "{before}{}={}", encoded(name), encoded(value));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back_as_it_was() {
        let odd = "a b+c&d=e/ü#?%20\u{1F980}\0";
        for base in ["https://h.example/x", "/x?", "/x?a=1", "/x?a=1&"] {
            let url = with_query(base, [("q", odd), (odd, "")]);
            let (_, query) = url.split_once('?').unwrap();
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            let pairs: Vec<_> = pairs.filter(|(name, _)| name != "a").collect();
            assert_eq!(
                pairs,
                [("q".into(), odd.into()), (odd.into(), "".into())],
                "{url}"
            );
            assert!(http::Uri::try_from(url.as_str()).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_has_no_value_is_left_out() {
        let parameters = [("a", None), ("b", Some("2")), ("c", None)];
        assert_eq!(with_query("/x", parameters), "/x?b=2");
        assert_eq!(with_query("/x", [("a", None::<&str>)]), "/x");
    }
}
