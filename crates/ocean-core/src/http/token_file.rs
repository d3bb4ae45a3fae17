//! What if somebody else keeps the access token fresh, in a file? [`TokenFile`] sends what is in
//! it.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, sleep};

use super::auth::{AuthError, Authenticator, Refresh};

/// No token is longer; a file that is was configured by mistake.
const LONGEST_TOKEN: u64 = 64 << 10;

/// Whoever writes the file may be late by some seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often the file is looked at while a fresh token is waited for.
const GLANCE: Duration = Duration::from_millis(500);

/// Authenticates with the bearer token of a file that another process replaces from time to time.
///
/// # Guarantees
///
/// - The file is looked at before each request and read again when it changed, so that a fresh
///   token costs no refused call.
/// - After a 401 it is read again once for all calls that were refused. As long as it still holds
///   the refused token, a new one is waited for, 10 s at most.
/// - Space around the token is not part of it.
///
/// # Assumptions
///
/// The file is on this machine: looking at it does not wait for a network.
///
/// ```
/// use ocean_core::http::{HttpClient, TokenFile};
///
/// # fn example() -> Result<(), ocean_core::http::HttpError> {
/// let client = HttpClient::builder("tracker")
///     .authenticator(TokenFile::new("/run/secrets/token"))
///     .build()?;
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
pub struct TokenFile {
    path: PathBuf,
    fallback: Option<SecretString>,
    patience: Duration,
    known: Mutex<Option<Known>>,
}

/// What was read last, and from which state of the file.
struct Known {
    stamp: Stamp,
    header: HeaderValue,
}

/// Tells two states of a file apart, mostly.
type Stamp = (Option<SystemTime>, u64);

impl TokenFile {
    /// The token in the file at this path, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            fallback: None,
            patience: PATIENCE,
            known: Mutex::default(),
        }
    }

    /// Takes this token as long as the file cannot be read.
    #[must_use]
    pub fn or(mut self, token: SecretString) -> Self {
        self.fallback = Some(token);
        self
    }

    /// How long a fresh token is waited for after the one in the file was refused. 10 s.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The header to send now.
    fn header(&self) -> Result<HeaderValue, AuthError> {
        let stamp = fs::metadata(&self.path)
            .map(|file| (file.modified().ok(), file.len()))
            .ok();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(known), Some(stamp)) = (&*known, stamp)
            && known.stamp == stamp
        {
            return Ok(known.header.clone());
        }
        drop(known);
        self.read()
    }

    fn read(&self) -> Result<HeaderValue, AuthError> {
        let (stamp, token) = match (read(&self.path), &self.fallback) {
            (Ok(read), _) => read,
            (Err(error), Some(token)) => {
                tracing::debug!(%error, "the token file cannot be read, using the configured token");
                return bearer(token);
            }
            (Err(error), None) => {
                let path = self.path.display();
                return Err(AuthError::new(format!(
                    "the token file {path} cannot be read: {error}"
                )));
            }
        };
        let header = bearer(&token)?;
        let known = Known {
            stamp,
            header: header.clone(),
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(header)
    }
}

#[async_trait]
impl Authenticator for TokenFile {
    async fn authorize(&self, headers: &mut HeaderMap) -> Result<(), AuthError> {
        headers.insert(AUTHORIZATION, self.header()?);
        Ok(())
    }

    async fn refresh(&self, refused: &HeaderMap) -> Result<Refresh, AuthError> {
        let until = Instant::now() + self.patience;
        loop {
            if Some(&self.read()?) != refused.get(AUTHORIZATION) {
                return Ok(Refresh::Renewed);
            }
            if Instant::now() >= until {
                return Ok(Refresh::Impossible);
            }
            sleep(GLANCE).await;
        }
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// The token in a file. Its stamp is taken before it is read: a change between the two is then
/// noticed at the next look.
fn read(path: &Path) -> io::Result<(Stamp, SecretString)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut text = String::new();
    file.take(LONGEST_TOKEN).read_to_string(&mut text)?;
    let token = text.trim();
    if token.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is empty"));
    }
    let stamp = (metadata.modified().ok(), metadata.len());
    Ok((stamp, SecretString::from(token)))
}

fn bearer(token: &SecretString) -> Result<HeaderValue, AuthError> {
    let text = format!("Bearer {}", token.expose_secret().trim());
    let mut header = HeaderValue::try_from(text)
        .map_err(|_unprintable| AuthError::new("the token cannot be sent in a header"))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("{test}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, token: &str) {
            fs::write(self.0.join("token"), token).unwrap();
        }

        fn token_file(&self) -> TokenFile {
            TokenFile::new(self.0.join("token"))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    async fn authorized(file: &TokenFile) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        let authorized = file.authorize(&mut headers).await;
        authorized.map_err(|error| error.to_string())?;
        Ok(headers[AUTHORIZATION].to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_changed_file_is_sent_without_a_refused_call() {
        let folder = Folder::new("changed");
        folder.write("  first\n");
        let file = folder.token_file();
        assert_eq!(authorized(&file).await.unwrap(), "Bearer first");
        folder.write("the second");
        assert_eq!(authorized(&file).await.unwrap(), "Bearer the second");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_a_fresh_token_is_waited_for() {
        let folder = Folder::new("late");
        folder.write("first");
        let file = folder.token_file();
        let refused = HeaderMap::from_iter([(AUTHORIZATION, "Bearer first".parse().unwrap())]);
        let (refreshed, ()) = tokio::join!(file.refresh(&refused), async {
            sleep(Duration::from_secs(3)).await;
            folder.write("later");
        });
        assert_eq!(refreshed.unwrap(), Refresh::Renewed);
        assert_eq!(authorized(&file).await.unwrap(), "Bearer later");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_stands_when_no_fresh_token_comes() {
        let folder = Folder::new("same");
        folder.write("first");
        let file = folder.token_file();
        let refused = HeaderMap::from_iter([(AUTHORIZATION, "Bearer first".parse().unwrap())]);
        let started = Instant::now();
        assert_eq!(file.refresh(&refused).await.unwrap(), Refresh::Impossible);
        assert_eq!(started.elapsed(), PATIENCE);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_replaced_by_the_configured_token_or_named() {
        let folder = Folder::new("absent");
        let error = authorized(&folder.token_file()).await.unwrap_err();
        assert!(error.contains("absent-"), "{error}");
        folder.write(" \n");
        let error = authorized(&folder.token_file()).await.unwrap_err();
        assert!(error.ends_with("cannot be read: it is empty"), "{error}");
        let file = folder.token_file().or(SecretString::from("configured"));
        assert_eq!(authorized(&file).await.unwrap(), "Bearer configured");
        folder.write("from the file");
        assert_eq!(authorized(&file).await.unwrap(), "Bearer from the file");
    }

    #[tokio::test]
    async fn debug_output_hides_the_token() {
        let folder = Folder::new("hidden");
        folder.write("s3cret-token");
        let file = folder.token_file().or(SecretString::from("s3cret-token"));
        authorized(&file).await.unwrap();
        assert!(!format!("{file:?}").contains("s3cret-token"));
    }
}
