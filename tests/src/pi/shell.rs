//! A shell on the board, over its network.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};

use crate::wait::within;

/// Stands behind all that a command has written, before its exit code.
const END: &str = "end-of-command";

/// How long a command may take; the board is some hundred times slower than its host when that is busy.
const COMMAND: Duration = Duration::from_secs(60);

/// Where a board that boots shall report.
#[derive(Debug)]
pub(super) struct Listener {
    socket: TcpListener,
    port: u16,
}

impl Listener {
    pub(super) async fn open() -> Result<Self> {
        let socket = TcpListener::bind("127.0.0.1:0").await?;
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port })
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    pub(super) async fn accept(self, limit: Duration) -> Result<Shell> {
        let (stream, _) =
            within("the board to report", limit, async { Ok(self.socket.accept().await?) }).await?;
        stream.set_nodelay(true)?;
        Ok(Shell { stream: BufStream::new(stream) })
    }
}

/// Runs commands on the board one after the other.
#[derive(Debug)]
pub struct Shell {
    stream: BufStream<TcpStream>,
}

impl Shell {
    /// Runs a line of shell and returns what it wrote to standard output.
    ///
    /// # Errors
    ///
    /// When it ends with another exit code than 0, or not in time.
    pub async fn run(&mut self, line: &str) -> Result<String> {
        let request = format!("{{ {line}\n}}; echo {END} $?\n");
        within(line, COMMAND, async {
            self.stream.write_all(request.as_bytes()).await?;
            self.stream.flush().await?;
            let mut output = String::new();
            loop {
                let mut answer = String::new();
                if self.stream.read_line(&mut answer).await? == 0 {
                    bail!("the board's shell has ended after {output:?}");
                }
                if let Some((last, code)) = answer.split_once(END) {
                    output.push_str(last);
                    ensure!(code.trim() == "0", "{line}: exit code {}: {output}", code.trim());
                    return Ok(output);
                }
                output.push_str(&answer);
            }
        })
        .await
    }
}
