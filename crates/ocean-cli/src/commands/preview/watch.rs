//! `preview --watch`: what does each saved version of the mapping change?

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;

use super::{Previewing, map};
use crate::desk::{Desk, Resource};
use crate::display;
use crate::display::preview::PreviewedResource;
use crate::failure::Failure;
use crate::samples::Sample;

/// How often the file is looked at. A person does not notice it.
const LOOK: Duration = Duration::from_millis(200);

/// Items that were read once.
pub(super) struct Kept {
    samples: Vec<Sample>,
    selectors: Vec<String>,
}

impl Kept {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self {
            samples: Vec::new(),
            selectors: Vec::new(),
        }
    }

    /// Keeps the items of the next resource of the kind.
    pub(super) fn keep(&mut self, resource: Resource<'_>, sample: &Sample) {
        self.samples.push(sample.clone());
        self.selectors.push(selector(resource));
    }

    /// The items for a resource of a later version: those that were read with the same selector,
    /// or else those of the resource at its place, with a remark.
    fn items(&self, place: usize, resource: Resource<'_>) -> Sample {
        let wanted = selector(resource);
        let same_at_place = self.selectors.get(place) == Some(&wanted);
        let same = if same_at_place {
            Some(place)
        } else {
            self.selectors.iter().position(|known| *known == wanted)
        };
        let last = self.samples.len().saturating_sub(1);
        let chosen = same.unwrap_or_else(|| place.min(last));
        let mut sample = self.samples.get(chosen).cloned().unwrap_or_default();
        if same.is_none() {
            sample.incomplete.push(
                "the selector is another one now, and these items were read with the earlier; \
                 start again to read others"
                    .to_owned(),
            );
        }
        sample
    }
}

fn selector(resource: Resource<'_>) -> String {
    format!("{:?}", resource.config.selector)
}

/// Maps the kept items again whenever the file is saved, and prints what differs; ends when it is
/// told to.
pub(super) async fn watch(
    desk: &Desk,
    previewing: &Previewing<'_>,
    kept: &Kept,
    mut before: Vec<PreviewedResource>,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let Previewing {
        path,
        paint,
        errors,
        ..
    } = *previewing;
    let mut file = Watched::new(path.to_owned());
    display::preview::watching(path, kept.samples.iter().map(|one| one.items.len()).sum());
    while stop.run_until_cancelled(file.saved()).await.is_some() {
        match again(desk, previewing, kept).await {
            Ok(after) => {
                display::preview::difference(&before, &after, paint, &desk.masker);
                before = after;
            }
            // A file that is half written, or wrong, is followed by a better one.
            Err(failure) => drop(display::failure(&failure.masked(&desk.masker), errors)),
        }
    }
    Ok(())
}

async fn again(
    desk: &Desk,
    previewing: &Previewing<'_>,
    kept: &Kept,
) -> Result<Vec<PreviewedResource>, Failure> {
    let mapping = desk.mapping().await?;
    let resources = mapping.resources(&desk.registry, previewing.kind)?;
    let mut previewed = Vec::new();
    for (place, resource) in resources.into_iter().enumerate() {
        previewed.push(map(desk, resource, kept.items(place, resource)).await?);
    }
    Ok(previewed)
}

/// What tells that a file was saved.
type Version = Option<(SystemTime, u64)>;

/// A file that somebody edits.
#[derive(Debug)]
struct Watched<V = fn(&Path) -> Version> {
    path: PathBuf,
    version_of: V,
    seen: Version,
}

impl Watched {
    fn new(path: PathBuf) -> Self {
        Self::with(path, version)
    }
}

impl<V: FnMut(&Path) -> Version> Watched<V> {
    fn with(path: PathBuf, mut version_of: V) -> Self {
        let seen = version_of(&path);
        Self {
            path,
            version_of,
            seen,
        }
    }

    /// Returns when the file was saved and has been left alone since: editors write a file in
    /// several steps, and some take it away for a moment.
    async fn saved(&mut self) {
        let mut last = self.seen;
        loop {
            tokio::time::sleep(LOOK).await;
            let now = (self.version_of)(&self.path);
            let rests = now == last;
            last = now;
            if rests && now.is_some() && now != self.seen {
                self.seen = now;
                return;
            }
        }
    }
}

fn version(path: &Path) -> Version {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::time::Instant;

    use super::*;

    fn saved_at(second: u64, length: u64) -> Version {
        Some((SystemTime::UNIX_EPOCH + Duration::from_secs(second), length))
    }

    /// After how many looks a file is taken for saved, if it looks like this at each.
    async fn looks(versions: impl IntoIterator<Item = Version>) -> Option<u128> {
        let mut versions: VecDeque<Version> = versions.into_iter().collect();
        let last = versions.back().copied().flatten();
        let next = move |_: &Path| versions.pop_front().unwrap_or(last);
        let mut file = Watched::with(PathBuf::from("mapping.yaml"), next);
        let began = Instant::now();
        let saved = tokio::time::timeout(Duration::from_secs(60), file.saved());
        saved.await.ok()?;
        Some(began.elapsed().as_millis() / LOOK.as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_is_saved_once_it_is_left_alone() {
        let (old, half, new) = (saved_at(1, 10), saved_at(2, 4), saved_at(2, 12));
        assert_eq!(looks([old, old, old]).await, None);
        assert_eq!(looks([old, old, new, new]).await, Some(3));
        assert_eq!(looks([old, half, new, new]).await, Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_gone_for_a_moment_is_waited_for() {
        let (old, new) = (saved_at(1, 10), saved_at(2, 12));
        assert_eq!(looks([old, None, None, None, new, new]).await, Some(5));
        assert_eq!(looks([old, None, None, old, old]).await, None);
    }
}
