//! A server's process, and the shell that ends it should this process die first.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Result, ServerError, Tried};
use crate::program::{cannot_start, end_of};

/// How long a server may take to start or to stop.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// How often one that starts is looked at.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Ends the server and removes its data when the process that holds the other end of its input is gone, however it went.
const WATCHER: &str = r#"cat > /dev/null; kill -9 "$1" 2> /dev/null; rm -rf "$2""#;

/// A running server.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    server: Child,
    watcher: Child,
}

impl ServerProcess {
    /// Starts `command`; what it writes is added to `log`. `data` is removed when this process dies.
    pub(crate) fn start(command: &mut Command, log: &Path, data: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log).tried(|| format!("opening {}", log.display()))?;
        let file_too = file.try_clone().tried(|| format!("opening {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(file).stderr(file_too);
        let mut server = command.spawn().map_err(|source| cannot_start(command, source))?;
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCHER, "kolumn-watcher"]).arg(server.id().to_string()).arg(data);
        match watcher.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(watcher) => Ok(Self { server, watcher }),
            Err(source) => {
                server.kill().and_then(|()| server.wait()).tried(|| "ending the server".into())?;
                Err(cannot_start(&watcher, source))
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.server.id()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.server.try_wait().tried(|| "looking at a server".into())?.is_some())
    }

    /// Waits until it accepts connections at `address`. One that ends instead is an error with the end of its log.
    pub(crate) fn wait_until_open(&mut self, server: &str, address: SocketAddr, log: &Path) -> Result<()> {
        let begun = Instant::now();
        let output = || end_of(&fs::read(log).unwrap_or_default());
        while TcpStream::connect_timeout(&address, LIMIT).is_err() {
            if let Some(status) = self.server.try_wait().tried(|| format!("looking at {server}"))? {
                let (server, status, log) = (server.to_owned(), status.to_string(), log.to_owned());
                return Err(ServerError::Ended { server, status, output: output(), log });
            }
            if begun.elapsed() > LIMIT {
                let what = format!("the start of {server}");
                return Err(ServerError::Timeout { what, limit: LIMIT, detail: Some(output()) });
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Ends it at once, as `kill -9` does.
    pub(crate) fn end(mut self, what: &str) -> Result<()> {
        // The watcher first: it kills by number, and the number is the server's only until it has been waited for.
        for child in [&mut self.watcher, &mut self.server] {
            child.kill().and_then(|()| child.wait()).tried(|| format!("ending {what}"))?;
        }
        Ok(())
    }
}
