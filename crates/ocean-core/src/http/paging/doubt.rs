//! Why is a listing not known to be complete? Each reason is a [`Doubt`].

/// Why a listing cannot be trusted to be complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// An empty page, although there should be more.
    #[error("an empty page although the server announced more items")]
    EmptyPage,
    /// The server says that this is the end, but its own count says more.
    #[error("the end came after {read} of {total} items")]
    EndsEarly {
        /// How far the pages went.
        read: u64,
        /// How many there should be.
        total: u64,
    },
    /// There are more items than the total says, so it does not tell where the end is.
    #[error(
        "there are {read} items and more, but the total is {total}: it does not count them all"
    )]
    BeyondTotal {
        /// How far the pages went.
        read: u64,
        /// How many there should be.
        total: u64,
    },
    /// Items disappeared while paging, so that others may have moved over the edge of a page.
    #[error("the total shrank from {before} to {now} while paging")]
    Shrank {
        /// The total of the page before.
        before: u64,
        /// The total of this page.
        now: u64,
    },
    /// The last item of a page is not where it was, so that another may have moved over the edge.
    #[error("the listing moved while paging")]
    Moved,
    /// The same page again: the server does not understand our paging.
    #[error("a page came twice")]
    RepeatedPage,
    /// The same token again.
    #[error("the token of the next page came twice")]
    RepeatedToken,
    /// More is announced, but not how to get it.
    #[error("the server announced more items without the token of the next page")]
    MissingToken,
    /// The page has none of the fields that would tell whether more follows.
    #[error(
        "the page does not say whether more follows: it has no {names}; if the API calls the field \
         differently, name it, and if it leaves it out on the last page, say `absent_is_end`"
    )]
    Unsaid {
        /// What was looked for.
        names: String,
    },
    /// The page says that it is the last one, and names a next one.
    #[error(
        "`{flag}` says that no page follows, but the page names one; if the API always names one, \
         say `positional`, and if the flag means the opposite, turn `more` and `last` around"
    )]
    Contradiction {
        /// The field that says that it is the last.
        flag: &'static str,
    },
    /// The first page is full, and it was not said that there are no more.
    #[error(
        "the first page is full ({items} items) and does not say whether more follows: it has no \
         {names}"
    )]
    FullPage {
        /// How many items it has.
        items: usize,
        /// What was looked for.
        names: String,
    },
    /// More pages than any honest listing has.
    #[error("the listing has no end")]
    Endless,
}
