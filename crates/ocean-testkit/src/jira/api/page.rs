//! How is a list cut into pages by offset?

use super::{Call, written};
use crate::{Response, jira::json::Json};

/// What a paged answer tells beside its items; Jira's resources differ in it.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// The key of the items.
    pub(super) key: &'static str,
    pub(super) total: bool,
    pub(super) is_last: bool,
}

/// Platform resources with pages.
pub(super) const PLATFORM: Style = Style {
    key: "values",
    total: true,
    is_last: true,
};

/// Agile resources that know their number.
pub(super) const AGILE: Style = PLATFORM;

/// Agile resources that do not.
pub(super) const AGILE_UNCOUNTED: Style = Style {
    key: "values",
    total: false,
    is_last: true,
};

/// Resources with the older shape, which has no `isLast`.
pub(super) const fn counted(key: &'static str) -> Style {
    Style {
        key,
        total: true,
        is_last: false,
    }
}

/// The part of a list that a request asks for.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) start: usize,
    pub(super) size: usize,
}

impl Call<'_> {
    /// `startAt` and `maxResults`, the latter cut at `largest`.
    pub(super) fn range(&self, largest: usize) -> Range {
        Range {
            start: self.number("startAt").unwrap_or(0),
            size: self.number("maxResults").unwrap_or(50).min(largest),
        }
    }

    /// The page of `items` that the request asks for.
    pub(super) fn page<T>(
        &self,
        style: Style,
        items: impl Iterator<Item = T>,
        mut render: impl FnMut(&T, &mut Json),
    ) -> Response {
        let Range { start, size } = self.range(self.rules.max_page);
        let mut shown = Vec::with_capacity(size);
        let mut total = 0;
        for item in items {
            if (start..start.saturating_add(size)).contains(&total) {
                shown.push(item);
            }
            total += 1;
        }
        let is_last = start.saturating_add(shown.len()) >= total;
        written(shown.len() * 512, |out| {
            out.object(|o| {
                o.key("maxResults").number(size as u64);
                o.key("startAt").number(start as u64);
                if style.total {
                    o.key("total").number(total as u64);
                }
                if style.is_last {
                    o.key("isLast").flag(is_last);
                }
                o.key(style.key)
                    .array(|o| shown.iter().for_each(|item| render(item, o)));
            });
        })
    }
}
