//! Each doubt by itself, from pages written by hand.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use http::header::CONTENT_TYPE;

use crate::batch::Batch;
use crate::error::ErrorClass;
use crate::http::paging::{Doubt, OffsetPages, Overlap, TokenPages};
use crate::http::{HttpError, Response};

/// Pages in the order in which they are answered, whatever is asked.
struct Answers(Mutex<VecDeque<String>>);

impl Answers {
    fn of(pages: &[&str]) -> Self {
        Self(Mutex::new(pages.iter().map(ToString::to_string).collect()))
    }

    async fn next<A>(&self, _asked: A) -> Result<Response, HttpError> {
        let page = self.0.lock().unwrap().pop_front();
        let page = page.expect("the pager asks for no more pages");
        let answer = http::Response::builder()
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from(page))
            .unwrap();
        Ok(Response::new(answer))
    }
}

async fn ids(pages: impl Stream<Item = Result<Batch, HttpError>>) -> Result<Vec<u64>, HttpError> {
    let batches: Vec<Batch> = pages.try_collect().await?;
    Ok(batches
        .iter()
        .flatten()
        .map(|item| item.get("id").unwrap())
        .collect())
}

async fn by_offset(pages: &[&str]) -> Result<Vec<u64>, HttpError> {
    let answers = Answers::of(pages);
    let paging = OffsetPages::of("values").page_size(2);
    ids(paging.pages(|window| answers.next(window))).await
}

async fn by(paging: TokenPages, pages: &[&str]) -> Result<Vec<u64>, HttpError> {
    let answers = Answers::of(pages);
    ids(paging.pages(|token| answers.next(token))).await
}

async fn by_token(pages: &[&str]) -> Result<Vec<u64>, HttpError> {
    by(TokenPages::next_page_token("values"), pages).await
}

async fn by_cursor(pages: &[&str]) -> Result<Vec<u64>, HttpError> {
    by(TokenPages::cursor("values"), pages).await
}

async fn bare(pages: &[&str]) -> Result<Vec<u64>, HttpError> {
    let answers = Answers::of(pages);
    let paging = OffsetPages::bare_list().page_size(2);
    ids(paging.pages(|window| answers.next(window))).await
}

fn doubt(outcome: Result<Vec<u64>, HttpError>) -> Doubt {
    match outcome {
        Err(HttpError::Listing { doubt, .. }) => doubt,
        other => panic!("no doubt: {other:?}"),
    }
}

#[tokio::test]
async fn every_style_ends_where_the_server_says_so() {
    let total = [
        r#"{"values":[{"id":1},{"id":2}],"total":3}"#,
        r#"{"values":[{"id":3}],"total":3}"#,
    ];
    assert_eq!(by_offset(&total).await.unwrap(), [1, 2, 3]);
    let is_last = [
        r#"{"values":[{"id":1},{"id":2}],"isLast":false}"#,
        r#"{"values":[{"id":2},{"id":3}],"isLast":true}"#,
    ];
    assert_eq!(by_offset(&is_last).await.unwrap(), [1, 2, 3]);
    let list = [
        r#"[{"id":1},{"id":2}]"#,
        r#"[{"id":2},{"id":3}]"#,
        r#"[{"id":3}]"#,
        "[]",
    ];
    assert_eq!(bare(&list).await.unwrap(), [1, 2, 3]);
    let token = [
        r#"{"values":[{"id":1},{"id":2}],"nextPageToken":"a"}"#,
        r#"{"values":[{"id":3}],"nextPageToken":null}"#,
    ];
    assert_eq!(by_token(&token).await.unwrap(), [1, 2, 3]);
    let cursor = [
        r#"{"values":[{"id":1}],"cursor":"a","pageInfo":{}}"#,
        r#"{"values":[{"id":2}],"pageInfo":{"hasNextPage":true,"endCursor":"b"}}"#,
        r#"{"values":[{"id":3}],"pageInfo":{"hasNextPage":false,"endCursor":"c"}}"#,
    ];
    assert_eq!(by_cursor(&cursor).await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn an_empty_listing_is_believed_when_it_says_so() {
    let none: [u64; 0] = [];
    assert_eq!(
        by_offset(&[r#"{"values":[],"total":0}"#]).await.unwrap(),
        none
    );
    assert_eq!(
        by_offset(&[r#"{"values":[],"isLast":true}"#])
            .await
            .unwrap(),
        none
    );
    assert_eq!(bare(&["[]"]).await.unwrap(), none);
    for end in [
        r#""isLast":true"#,
        r#""nextPageToken":null"#,
        r#""nextPageToken":"""#,
    ] {
        let page = format!(r#"{{"values":[],{end}}}"#);
        assert_eq!(by_token(&[&page]).await.unwrap(), none, "{end}");
    }
}

#[tokio::test]
async fn f08_missing_items_are_never_no_items() {
    let page = r#"{"errorMessages":["try later"],"isLast":true,"total":0}"#;
    for outcome in [
        by_offset(&[page]).await,
        by_token(&[page]).await,
        by_cursor(&[page]).await,
        bare(&[page]).await,
    ] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, HttpError::Decode { .. }), "{error}");
        assert!(error.to_string().contains("try later"), "{error}");
    }
    for page in [r#"{"values":null}"#, r#"{"values":{}}"#, "null", "[]", "{}"] {
        assert!(by_token(&[page]).await.is_err(), "{page}");
    }
    let twice = r#"{"values":[{"id":1}],"values":[]}"#;
    assert!(by_token(&[twice]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn f07_a_page_that_is_not_json_is_asked_for_again() {
    let page = r#"{"values":[{"id":1}],"isLast":true}"#;
    assert_eq!(by_offset(&["<html>", "", page]).await.unwrap(), [1]);
    let error = by_offset(&["<html>"; 3]).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Retryable);
    assert!(error.to_string().contains("<html>"), "{error}");
    assert!(by_offset(&[r#"{"values":[{"id":1}"#; 3]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn f07_a_page_of_the_wrong_shape_is_named_without_its_whole_text() {
    let page = format!(r#"{{"values":"{}"}}"#, "x".repeat(1_000_000));
    let error = by_offset(&[page.as_str(); 3]).await.unwrap_err();
    let chain = crate::error_chain(&error);
    assert!(chain.contains("invalid type"), "{}", chain.len());
    assert!(chain.len() < 2_000, "{} bytes", chain.len());
}

#[tokio::test]
async fn a_cursor_is_followed_unless_the_server_says_that_nothing_follows() {
    let pages = [
        r#"{"values":[{"id":1}],"pageInfo":{"endCursor":"a"}}"#,
        r#"{"values":[{"id":2}],"pageInfo":{"hasNextPage":false}}"#,
    ];
    assert_eq!(by_cursor(&pages).await.unwrap(), [1, 2]);
    let page = r#"{"values":[{"id":1}],"pageInfo":{"endCursor":""}}"#;
    let names = "`pageInfo.endCursor` and no `pageInfo.hasNextPage` and no `cursor`".to_owned();
    assert_eq!(doubt(by_cursor(&[page]).await), Doubt::Unsaid { names });
}

#[tokio::test]
async fn f17_the_same_token_twice_is_a_loop() {
    let pages = [
        r#"{"values":[{"id":1}],"nextPageToken":"a"}"#,
        r#"{"values":[{"id":2}],"nextPageToken":"a"}"#,
    ];
    assert_eq!(doubt(by_token(&pages).await), Doubt::RepeatedToken);
    let pages = [
        r#"{"values":[{"id":1}],"cursor":"a"}"#,
        r#"{"values":[{"id":2}],"cursor":"a"}"#,
    ];
    assert_eq!(doubt(by_cursor(&pages).await), Doubt::RepeatedToken);
}

#[tokio::test]
async fn f17_the_same_page_twice_is_a_loop() {
    let pages = [
        r#"{"values":[{"id":1}],"nextPageToken":"a"}"#,
        r#"{"values":[{"id":1}],"nextPageToken":"b"}"#,
    ];
    assert_eq!(doubt(by_token(&pages).await), Doubt::RepeatedPage);
    let ignores_paging = [r#"[{"id":1},{"id":2}]"#; 2];
    assert_eq!(doubt(bare(&ignores_paging).await), Doubt::RepeatedPage);
    let ignores_paging = [r#"{"values":[{"id":1},{"id":2}],"total":4}"#; 2];
    assert_eq!(doubt(by_offset(&ignores_paging).await), Doubt::RepeatedPage);
}

#[tokio::test]
async fn f18_an_item_removed_while_paging_is_noticed_by_the_total() {
    let pages = [
        r#"{"values":[{"id":1},{"id":2}],"total":5}"#,
        r#"{"values":[{"id":4},{"id":5}],"total":4}"#,
    ];
    let shrank = Doubt::Shrank { before: 5, now: 4 };
    assert_eq!(doubt(by_offset(&pages).await), shrank);
}

#[tokio::test]
async fn f18_an_item_removed_while_paging_is_noticed_by_the_overlap() {
    let pages = [r#"[{"id":1},{"id":2}]"#, r#"[{"id":3},{"id":4}]"#];
    assert_eq!(doubt(bare(&pages).await), Doubt::Moved);
    let pages = [r#"[{"id":1},{"id":2}]"#, "[]"];
    assert_eq!(doubt(bare(&pages).await), Doubt::Moved);
}

#[tokio::test]
async fn an_item_added_while_paging_is_no_doubt() {
    let pages = [
        r#"[{"id":1},{"id":2}]"#,
        r#"[{"id":1},{"id":2},{"id":3}]"#,
        r#"[{"id":3}]"#,
        "[]",
    ];
    assert_eq!(bare(&pages).await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn f16_an_item_that_comes_twice_does_not_shift_the_positions() {
    let starts = Mutex::new(Vec::new());
    let answers = Answers::of(&[
        r#"{"values":[{"id":1},{"id":2}],"total":5}"#,
        r#"{"values":[{"id":2},{"id":3},{"id":4}],"total":5}"#,
        r#"{"values":[{"id":5}],"total":5}"#,
    ]);
    let pages = OffsetPages::of("values").page_size(2).pages(|window| {
        starts.lock().unwrap().push(window.start);
        answers.next(window)
    });
    assert_eq!(ids(pages).await.unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(*starts.lock().unwrap(), [0, 2, 4]);
}

#[tokio::test]
async fn pages_that_are_numbered_are_read_to_an_empty_one() {
    let numbers = Mutex::new(Vec::new());
    let answers = Answers::of(&[r#"[{"id":1},{"id":2}]"#, r#"[{"id":3}]"#, "[]"]);
    let paging = OffsetPages::bare_list()
        .page_size(2)
        .overlap(Overlap::Never);
    let pages = paging.pages(|window| {
        numbers.lock().unwrap().push(window.number);
        answers.next(window)
    });
    assert_eq!(ids(pages).await.unwrap(), [1, 2, 3]);
    assert_eq!(*numbers.lock().unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn a_list_of_one_item_ends() {
    let pages = [r#"[{"id":1}]"#, r#"[{"id":1}]"#, "[]"];
    assert_eq!(bare(&pages).await.unwrap(), [1]);
}

#[tokio::test]
async fn a_server_that_gives_single_items_is_read_to_its_end() {
    let pages = [
        r#"[{"id":1}]"#,
        r#"[{"id":1}]"#,
        r#"[{"id":2}]"#,
        r#"[{"id":2}]"#,
        "[]",
    ];
    assert_eq!(bare(&pages).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn f19_an_empty_page_before_the_end_is_a_doubt() {
    let pages = [
        r#"{"values":[{"id":1},{"id":2}],"total":3}"#,
        r#"{"values":[],"total":3}"#,
    ];
    assert_eq!(doubt(by_offset(&pages).await), Doubt::EmptyPage);
    assert_eq!(
        doubt(by_offset(&[r#"{"values":[],"isLast":false}"#]).await),
        Doubt::EmptyPage
    );
    let with_token = r#"{"values":[],"nextPageToken":"a"}"#;
    assert_eq!(doubt(by_token(&[with_token]).await), Doubt::EmptyPage);
    let promised = [
        r#"{"values":[{"id":1}],"nextPageToken":"a"}"#,
        r#"{"values":[]}"#,
    ];
    let paging = TokenPages::next_page_token("values").absent_is_end();
    assert_eq!(doubt(by(paging, &promised).await), Doubt::EmptyPage);
}

#[tokio::test]
async fn f19_a_total_that_disappears_still_counts() {
    let pages = [
        r#"{"values":[{"id":1},{"id":2}],"total":4}"#,
        r#"{"values":[]}"#,
    ];
    assert_eq!(doubt(by_offset(&pages).await), Doubt::EmptyPage);
}

#[tokio::test]
async fn f19_an_end_before_the_total_is_a_doubt() {
    let page = r#"{"values":[{"id":1}],"total":3,"isLast":true}"#;
    assert_eq!(
        doubt(by_offset(&[page]).await),
        Doubt::EndsEarly { read: 1, total: 3 }
    );
    let page = r#"{"values":[{"id":1}],"isLast":false}"#;
    assert_eq!(doubt(by_token(&[page]).await), Doubt::MissingToken);
    let page = r#"{"values":[{"id":1}],"pageInfo":{"hasNextPage":true}}"#;
    assert_eq!(doubt(by_cursor(&[page]).await), Doubt::MissingToken);
}

#[tokio::test]
async fn f19_a_total_that_counts_the_page_is_not_the_total() {
    let pages = [
        r#"{"values":[{"id":1},{"id":2}],"total":2}"#,
        r#"{"values":[{"id":3},{"id":4}],"total":2}"#,
    ];
    let beyond = Doubt::BeyondTotal { read: 4, total: 2 };
    assert_eq!(doubt(by_offset(&pages).await), beyond);
    let pages = [pages[0], r#"{"values":[{"id":3}],"total":1}"#];
    let shrank = Doubt::Shrank { before: 2, now: 1 };
    assert_eq!(doubt(by_offset(&pages).await), shrank);
    let honest = [pages[0], r#"{"values":[],"total":2}"#];
    assert_eq!(by_offset(&honest).await.unwrap(), [1, 2]);
    let marked = r#"{"values":[{"id":1},{"id":2}],"total":2,"isLast":true}"#;
    assert_eq!(by_offset(&[marked]).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn what_came_before_a_doubt_is_yielded() {
    let answers = Answers::of(&[
        r#"{"values":[{"id":1}],"nextPageToken":"a"}"#,
        r#"{"values":[],"nextPageToken":"b"}"#,
    ]);
    let pages = TokenPages::next_page_token("values").pages(|token| answers.next(token));
    let outcomes: Vec<_> = pages.map(|page| page.is_ok()).collect().await;
    assert_eq!(outcomes, [true, false]);
}

#[tokio::test]
async fn f23_deep_nesting_is_split_without_recursion() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let page = format!(r#"{{"values":[{{"id":1,"deep":{deep}}}],"isLast":true}}"#);
    let outcome = by_offset(&[&page]).await;
    assert_eq!(outcome.unwrap(), [1]);
}

#[tokio::test]
async fn items_are_slices_of_their_page() {
    let page = Bytes::from(r#"{"total":2,"values":[ {"id":1} , {"id":2}]}"#);
    let range = page.as_ptr_range();
    let pages = OffsetPages::of("values")
        .overlap(Overlap::Never)
        .pages(|_| async { Ok::<_, HttpError>(Response::new(http::Response::new(page.clone()))) });
    let batches: Vec<Batch> = pages.try_collect().await.unwrap();
    for item in batches.iter().flatten() {
        assert!(range.contains(&item.json().as_ptr()));
    }
    assert_eq!(batches[0].len(), 2);
}
