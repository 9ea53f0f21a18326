//! The Python environment with librdkafka in it (PyPI's `confluent-kafka`).

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cache::Cache;
use crate::error::{Result, Tried};
use crate::program::run;
use crate::{fingerprint, servers_folder};

/// The Python that has what `servers/python/requirements.txt` names; made where the cache does not have it yet.
pub(crate) fn interpreter() -> Result<PathBuf> {
    let requirements = servers_folder().join("python/requirements.txt");
    let text = fs::read(&requirements).tried(|| format!("reading {}", requirements.display()))?;
    let version = run(Command::new("python3").arg("--version"))?;
    let name = format!("python-{}", fingerprint(&[text, version.into_bytes()].concat()));
    let environment = Cache::of_user().once(&name, |into| {
        // Copies of scripts in a virtual environment name the place where it was made: only its interpreter is used, by its final path.
        run(Command::new("python3").args(["-m", "venv"]).arg(into))?;
        let mut pip = Command::new(into.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&requirements);
        run(&mut pip)?;
        Ok(())
    })?;
    Ok(environment.join("bin/python"))
}

/// The script `name` of `servers/python`, ready for its arguments.
pub(crate) fn script(name: &str) -> Result<Command> {
    let mut command = Command::new(interpreter()?);
    // Bytecode is not written beside the sources: the working tree stays as it is.
    command.arg("-B").arg(servers_folder().join("python").join(name));
    Ok(command)
}
