//! How does a tape come to be written while a run goes on?

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::clean::{Cleaner, Place};
use super::error::TapeError;
use super::line::{Line, TapeHeader};
use super::transport::RecordingTransport;
use crate::http::{HttpClientBuilder, Masker};

/// Writes a tape. Clones write to the same one.
#[derive(Clone)]
pub struct TapeRecorder {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    cleaner: Cleaner,
    output: Mutex<Output>,
}

struct Output {
    /// `None` once it was finished.
    writer: Option<Writer>,
    /// Why the tape is not whole.
    failed: Option<io::Error>,
}

enum Writer {
    Plain(BufWriter<File>),
    Zipped(GzEncoder<BufWriter<File>>),
}

impl TapeRecorder {
    /// Begins a tape, in the place of what was in the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn create(path: &Path, header: &TapeHeader, masker: Masker) -> Result<Self, TapeError> {
        let failed = |source| TapeError::Write {
            path: path.to_owned(),
            source,
        };
        let file = BufWriter::new(open(path).map_err(failed)?);
        let writer = if is_zipped(path) {
            Writer::Zipped(GzEncoder::new(file, Compression::default()))
        } else {
            Writer::Plain(file)
        };
        let recorder = Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                cleaner: Cleaner::new(masker),
                output: Mutex::new(Output {
                    writer: Some(writer),
                    failed: None,
                }),
            }),
        };
        recorder.write_cleaned(&Line::Tape(header.clone()), |cleaner, header| {
            cleaner.json(header, Place::Answer);
        });
        Ok(recorder)
    }

    /// The same client, each of whose requests is recorded with what came of it.
    ///
    /// An answer is on the tape once it was read whole.
    pub fn record(&self, http: HttpClientBuilder) -> HttpClientBuilder {
        let recorder = self.clone();
        let client = http.name().to_owned();
        http.around(move |transport| {
            Arc::new(RecordingTransport::new(client, transport, recorder)) as _
        })
    }

    /// Writes what is still in memory, and goes on recording.
    ///
    /// # Errors
    ///
    /// When anything of the tape could not be written.
    pub fn flush(&self) -> Result<(), TapeError> {
        let mut output = self.output();
        let flushed = output.writer.as_mut().map_or(Ok(()), Writer::flush);
        let failed = output.failed.take();
        drop(output);
        self.told(failed, flushed)
    }

    /// Writes what is still in memory. What happens later is not recorded.
    ///
    /// # Errors
    ///
    /// When anything of the tape could not be written.
    pub fn finish(&self) -> Result<(), TapeError> {
        let mut output = self.output();
        let finished = match output.writer.take() {
            Some(writer) => writer.finish(),
            None => Ok(()),
        };
        let failed = output.failed.take();
        drop(output);
        self.told(failed, finished)
    }

    /// The first thing that went wrong.
    fn told(&self, failed: Option<io::Error>, last: io::Result<()>) -> Result<(), TapeError> {
        let all = failed.map_or(last, Err);
        all.map_err(|source| TapeError::Write {
            path: self.shared.path.clone(),
            source,
        })
    }

    pub(super) fn cleaner(&self) -> &Cleaner {
        &self.shared.cleaner
    }

    /// Notes what was read from the catalog, cleaned. The run goes on whatever becomes of its tape; who ends
    /// it is told by [`finish`](Self::finish).
    pub(super) fn note(&self, line: &Line) {
        self.write_cleaned(line, Cleaner::catalog);
    }

    fn write_cleaned(&self, line: &Line, clean: impl Fn(&Cleaner, &mut Value)) {
        let noted = serde_json::to_value(line).map(|mut value| {
            clean(self.cleaner(), &mut value);
            value
        });
        match noted {
            Ok(value) => self.write(&value),
            Err(error) => self.fail(error.into()),
        }
    }

    /// Writes a line that is clean already.
    pub(super) fn write(&self, line: &impl serde::Serialize) {
        let written = serde_json::to_vec(line);
        let mut output = self.output();
        let Some(writer) = &mut output.writer else {
            return;
        };
        let written = written.map_err(io::Error::from).and_then(|mut text| {
            text.push(b'\n');
            writer.write_all(&text)
        });
        drop(output);
        if let Err(error) = written {
            self.fail(error);
        }
    }

    /// Notes that the tape is not whole.
    pub(super) fn fail(&self, error: io::Error) {
        self.output().failed.get_or_insert(error);
    }

    fn output(&self) -> std::sync::MutexGuard<'_, Output> {
        let output = self.shared.output.lock();
        output.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Zipped(file) => file.write_all(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Zipped(file) => file.flush(),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Zipped(file) => file.finish()?.flush(),
        }
    }
}

/// What a source says is nobody else's business on a shared machine.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether the file's name asks for compression.
pub(super) fn is_zipped(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

impl fmt::Debug for TapeRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapeRecorder")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}
