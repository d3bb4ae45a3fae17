//! Tokens under other names: followed where the author named them, and never taken for the end.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::Bytes;
use futures::TryStreamExt as _;

use crate::batch::Batch;
use crate::http::paging::{Doubt, TokenPages};
use crate::http::{HttpError, Response};

/// Reads these pages; gives the number of items and the tokens that were asked for.
async fn check(paging: TokenPages, pages: &[&str]) -> (Result<usize, Doubt>, Vec<String>) {
    let answers: Mutex<VecDeque<String>> = Mutex::default();
    answers
        .lock()
        .unwrap()
        .extend(pages.iter().map(ToString::to_string));
    let asked = Mutex::new(Vec::new());
    let fetch = |token: Option<String>| {
        asked.lock().unwrap().extend(token);
        let page = answers.lock().unwrap().pop_front();
        let page = page.expect("the pager asks for no more pages");
        async { Ok::<_, HttpError>(Response::new(http::Response::new(Bytes::from(page)))) }
    };
    let batches: Result<Vec<Batch>, _> = paging.pages(fetch).try_collect().await;
    let outcome = match batches {
        Ok(batches) => Ok(batches.iter().map(Batch::len).sum()),
        Err(HttpError::Listing { doubt, .. }) => Err(doubt),
        Err(other) => panic!("{other}"),
    };
    (outcome, asked.into_inner().unwrap())
}

fn unsaid(names: &str) -> Doubt {
    Doubt::Unsaid {
        names: names.to_owned(),
    }
}

#[tokio::test]
async fn a_token_is_followed_under_the_name_it_has() {
    let pages = [
        r#"{"items":[{"id":1}],"meta":{"next_cursor":"b"}}"#,
        r#"{"meta":{"next_cursor":"c"},"items":[{"id":2}]}"#,
        r#"{"items":[{"id":3}],"meta":{"next_cursor":null}}"#,
    ];
    let paging = TokenPages::named("items", "meta.next_cursor");
    let (outcome, asked) = check(paging, &pages).await;
    assert_eq!(
        (outcome, asked),
        (Ok(3), vec!["b".to_owned(), "c".to_owned()])
    );

    let pages = [
        r#"{"data":{"rows":[{"id":1}],"next":2,"has_more":true}}"#,
        r#"{"data":{"rows":[{"id":2}],"has_more":false}}"#,
    ];
    let paging = TokenPages::named("data.rows", "data.next").more("data.has_more");
    let (outcome, asked) = check(paging, &pages).await;
    assert_eq!((outcome, asked), (Ok(2), vec!["2".to_owned()]));
}

#[tokio::test]
async fn a_page_that_says_nothing_is_a_doubt() {
    let page = r#"{"values":[{"id":1}],"next_cursor":"b"}"#;
    let (token, flag) = (
        "`nextPageToken` and no `isLast`",
        "`next` and no `has_more`",
    );
    for (paging, names) in [
        (TokenPages::next_page_token("values"), token),
        (TokenPages::named("values", "next").more("has_more"), flag),
        (
            TokenPages::named("values", "meta.next_cursor"),
            "`meta.next_cursor`",
        ),
    ] {
        assert_eq!(check(paging, &[page]).await.0, Err(unsaid(names)));
    }
    let later = [
        r#"{"values":[{"id":1}],"next":"b"}"#,
        r#"{"values":[{"id":2}]}"#,
    ];
    let paging = TokenPages::named("values", "next");
    assert_eq!(check(paging, &later).await.0, Err(unsaid("`next`")));
    let message = unsaid("`next`").to_string();
    assert!(message.contains("no `next`; if the API calls"), "{message}");
    assert!(message.contains("`absent_is_end`"), "{message}");
}

#[tokio::test]
async fn a_missing_token_is_the_end_where_the_author_says_so() {
    let paging = TokenPages::named("values", "next").absent_is_end();
    let pages = [
        r#"{"values":[{"id":1},{"id":2}],"next":"b"}"#,
        r#"{"values":[{"id":3},{"id":4}]}"#,
    ];
    assert_eq!(check(paging, &pages).await.0, Ok(4));
    assert_eq!(check(paging, &[r#"{"values":[]}"#]).await.0, Ok(0));
    // The token was seen, so its name is right, and a full last page is believed.
    assert_eq!(check(paging.full_page(2), &pages).await.0, Ok(4));
}

#[tokio::test]
async fn a_full_first_page_without_a_token_is_a_doubt_where_the_size_is_known() {
    let paging = TokenPages::named("values", "next").absent_is_end();
    let page = r#"{"values":[{"id":1},{"id":2}],"next_cursor":"b"}"#;
    let doubt = Doubt::FullPage {
        items: 2,
        names: "`next`".to_owned(),
    };
    assert_eq!(check(paging.full_page(2), &[page]).await.0, Err(doubt));
    assert_eq!(check(paging.full_page(3), &[page]).await.0, Ok(2));
    let said = r#"{"values":[{"id":1},{"id":2}],"next":null}"#;
    assert_eq!(check(paging.full_page(2), &[said]).await.0, Ok(2));
}

#[tokio::test]
async fn a_flag_that_is_read_the_wrong_way_round_is_noticed() {
    let page = r#"{"values":[{"id":1}],"next":"b","has_more":true}"#;
    let paging = TokenPages::named("values", "next");
    let doubt = Doubt::Contradiction { flag: "has_more" };
    assert_eq!(check(paging.last("has_more"), &[page]).await.0, Err(doubt));
    let end = r#"{"values":[{"id":2}],"has_more":false}"#;
    assert_eq!(check(paging.more("has_more"), &[page, end]).await.0, Ok(2));
    let without = r#"{"values":[{"id":1}],"has_more":true}"#;
    let outcome = check(paging.more("has_more"), &[without]).await.0;
    assert_eq!(outcome, Err(Doubt::MissingToken));
}

#[tokio::test]
async fn a_position_on_the_last_page_is_not_followed() {
    let paging = TokenPages::named("values", "last_id")
        .more("has_more")
        .positional();
    let pages = [
        r#"{"values":[{"id":1}],"last_id":1,"has_more":true}"#,
        r#"{"values":[{"id":2}],"last_id":2,"has_more":false}"#,
    ];
    let (outcome, asked) = check(paging, &pages).await;
    assert_eq!((outcome, asked), (Ok(2), vec!["1".to_owned()]));
    let pages = [
        r#"{"values":[{"id":1}],"next":"a"}"#,
        r#"{"values":[],"next":null}"#,
    ];
    let paging = TokenPages::named("values", "next");
    assert_eq!(check(paging, &pages).await.0, Err(Doubt::EmptyPage));
    assert_eq!(check(paging.positional(), &pages).await.0, Ok(1));
}
