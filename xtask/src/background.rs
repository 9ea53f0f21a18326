//! A step that goes on while another one runs: a process of its own, whose words are told when it is waited for.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::process::top;
use crate::steps::Outcome;

/// A step at work.
pub(crate) struct Background {
    name: &'static str,
    about: &'static str,
    child: Child,
    words: std::path::PathBuf,
    pub(crate) begun: Instant,
}

impl Background {
    /// Starts the step with whatever processor time the others leave.
    pub(crate) fn start(name: &'static str, about: &'static str) -> Result<Self, String> {
        let words = top().join(format!("target/step-{name}.log"));
        let told = |error| format!("{}: {error}", words.display());
        let output = File::create(&words).map_err(told)?;
        let errors = output.try_clone().map_err(told)?;
        let program = std::env::current_exe().map_err(|error| format!("xtask itself: {error}"))?;
        let mut command = Command::new("nice");
        command.args(["-n", "10"]).arg(program).args(["step", name]);
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
        let child = child.map_err(|error| format!("nice: {error}"))?;
        println!("== {name} begins beside this");
        Ok(Self { name, about, child, words, begun: Instant::now() })
    }

    /// Waits until it is done, and tells what it wrote.
    pub(crate) fn wait(mut self) -> Outcome {
        println!("== {}: {}", self.name, self.about);
        let status = self.child.wait().map_err(|error| format!("waiting for {}: {error}", self.name))?;
        let words = fs::read(&self.words).map_err(|error| format!("{}: {error}", self.words.display()))?;
        let words = String::from_utf8_lossy(&words);
        let (before, last) = words.trim_end().rsplit_once('\n').unwrap_or(("", words.trim_end()));
        if status.success() {
            if !before.is_empty() {
                println!("{before}");
            }
            Ok(last.to_owned())
        } else {
            Err(format!("{words}\nended with {status}"))
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Both fail only where it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
