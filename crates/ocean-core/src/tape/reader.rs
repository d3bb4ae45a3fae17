//! What is on a tape, and where?

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::body::Body;
use super::clean::{Cleaner, Place};
use super::error::TapeError;
use super::line::{Exchange, Line, TapeHeader, VERSION};
use super::player::Player;
use super::recorder::is_zipped;
use super::replayed::{Reads, ReplayedCatalog};
use crate::http::HttpClientBuilder;

/// A recorded run. Clones share it.
///
/// # Guarantees
///
/// - Of what the third-party system answered only places in the file are in memory; a gzipped
///   tape is held unpacked.
#[derive(Clone)]
pub struct Tape {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    header: TapeHeader,
    /// Where the exchanges of each request are, in the order in which they ended.
    exchanges: HashMap<String, Vec<Span>>,
    reads: Arc<Reads>,
    content: Mutex<Box<dyn Content>>,
    /// What was asked for and is not there.
    missed: Mutex<Vec<String>>,
}

/// Where a line is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: u64,
    length: usize,
}

trait Content: Read + Seek + Send {}
impl<T: Read + Seek + Send> Content for T {}

impl Tape {
    /// Reads what is on a tape.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is no whole tape.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TapeError> {
        let path = path.as_ref();
        let unreadable = |source| TapeError::Read {
            path: path.to_owned(),
            source,
        };
        let mut content = content(path).map_err(unreadable)?;
        let mut index = Index::default();
        let mut text = Vec::new();
        let mut start = 0;
        let mut lines = BufReader::new(&mut content);
        for number in 1.. {
            text.clear();
            let length = lines.read_until(b'\n', &mut text).map_err(unreadable)?;
            if length == 0 {
                break;
            }
            if number == 1 {
                check_version(path, &text)?;
            }
            let line = serde_json::from_slice(&text).map_err(|source| TapeError::Line {
                path: path.to_owned(),
                line: number,
                source,
            })?;
            index.add(line, Span { start, length });
            start += length as u64;
        }
        drop(lines);
        let header = index.header.ok_or_else(|| TapeError::NoTape {
            path: path.to_owned(),
        })?;
        Ok(Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                header,
                exchanges: index.exchanges,
                reads: Arc::new(index.reads),
                content: Mutex::new(content),
                missed: Mutex::default(),
            }),
        })
    }

    /// What the tape says of itself.
    #[must_use]
    pub fn header(&self) -> &TapeHeader {
        &self.shared.header
    }

    /// The same client, which answers from the tape and opens no socket.
    ///
    /// Requests that were made more than once are answered in the order in which they were; the
    /// last answer is given again. A request that was not made fails, and the error names it.
    pub fn replay(&self, http: HttpClientBuilder) -> HttpClientBuilder {
        http.offline(Player::new(self.clone()))
    }

    /// The catalog as the recorded run found it; whoever writes to it is refused.
    #[must_use]
    pub fn catalog(&self) -> ReplayedCatalog {
        ReplayedCatalog::new(Arc::clone(&self.shared.reads))
    }

    /// Takes the requests that were made since this was last asked and are not on the tape, each
    /// once: method and address, and whether it was another body that was not known.
    #[must_use]
    pub fn take_missed(&self) -> Vec<String> {
        let missed = self.shared.missed.lock();
        std::mem::take(&mut *missed.unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn note_missed(&self, request: String) {
        let missed = self.shared.missed.lock();
        let mut missed = missed.unwrap_or_else(PoisonError::into_inner);
        if !missed.contains(&request) {
            missed.push(request);
        }
    }

    pub(super) fn spans(&self, request: &str) -> &[Span] {
        self.shared
            .exchanges
            .get(request)
            .map_or(&[], Vec::as_slice)
    }

    /// Reads a line again.
    pub(super) fn exchange(&self, span: Span) -> io::Result<Exchange> {
        let mut text = vec![0; span.length];
        {
            let content = self.shared.content.lock();
            let mut content = content.unwrap_or_else(PoisonError::into_inner);
            content.seek(SeekFrom::Start(span.start))?;
            content.read_exact(&mut text)?;
        }
        match serde_json::from_slice(&text)? {
            Line::Exchange(exchange) => Ok(exchange),
            _ => Err(io::Error::other("the tape was changed meanwhile")),
        }
    }
}

/// How a request is found again: what it asks for, and not how it looks for people.
pub(super) fn name_of(method: &str, url: &str, body: &str) -> String {
    format!("{method} {url}\n{body}")
}

/// The name that a request has whatever its credentials are, for those that are made anew in each
/// run.
pub(super) fn name_in_any_run(method: &str, url: &str, body: &Body) -> String {
    let cleaner = Cleaner::of_any_run();
    let body = cleaner.body(&body.to_bytes(), Place::Request);
    name_of(method, &cleaner.text(url, Place::Request), &body.as_text())
}

#[derive(Default)]
struct Index {
    header: Option<TapeHeader>,
    exchanges: HashMap<String, Vec<Span>>,
    reads: Reads,
}

impl Index {
    fn add(&mut self, line: Line, span: Span) {
        match line {
            Line::Tape(header) => self.header = Some(header),
            Line::Exchange(exchange) => {
                let Exchange {
                    method, url, body, ..
                } = &exchange;
                let name = name_of(method, url, &body.as_text());
                let in_any_run = name_in_any_run(method, url, body);
                if in_any_run != name {
                    self.exchanges.entry(in_any_run).or_default().push(span);
                }
                self.exchanges.entry(name).or_default().push(span);
            }
            other => self.reads.add(other),
        }
    }
}

/// A newer tape may have lines that are not known here, so its version is looked at before them.
fn check_version(path: &Path, first: &[u8]) -> Result<(), TapeError> {
    #[derive(Deserialize)]
    struct First {
        tape: Version,
    }
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    match serde_json::from_slice(first) {
        Ok(First { tape }) if tape.version > VERSION => Err(TapeError::Version {
            path: path.to_owned(),
            version: tape.version,
            known: VERSION,
        }),
        Ok(_) => Ok(()),
        Err(_) => Err(TapeError::NoTape {
            path: path.to_owned(),
        }),
    }
}

fn content(path: &Path) -> io::Result<Box<dyn Content>> {
    let file = File::open(path)?;
    if !is_zipped(path) {
        return Ok(Box::new(file));
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(BufReader::new(file)).read_to_end(&mut unpacked)?;
    Ok(Box::new(Cursor::new(unpacked)))
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("path", &self.shared.path)
            .field("header", &self.shared.header)
            .finish_non_exhaustive()
    }
}
