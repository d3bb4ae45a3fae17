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
    /// More pages than any honest listing has.
    #[error("the listing has no end")]
    Endless,
}
