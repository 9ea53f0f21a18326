//! The project's own commands. `cargo xtask test` sets up what the tests need and runs everything; `cargo xtask --help` tells the rest.

mod advisories;
mod background;
mod cpu;
mod fuzz;
mod graph;
mod licences;
mod miri;
mod musl;
mod neon;
mod no_c;
mod policy;
mod prerequisites;
mod process;
mod ratios;
mod rustup;
mod spdx;
mod steps;
mod suites;

use std::process::ExitCode;

const HELP: &str = "\
The project's own commands.

    cargo xtask test                          everything, in the order below; stops for nothing, tells all failures at the end
    cargo xtask test --only unit,suites       some steps
    cargo xtask test --skip musl              all but some steps
    cargo xtask setup                         only installs and fetches what the tests need
    cargo xtask accept                        measures what the step `ratios` does, and writes it into benches/accepted.toml
    cargo xtask advisories DIR                renews xtask/advisories.txt from a checkout of the RustSec advisory database

Steps of `test`:
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["help" | "--help" | "-h"] | ["test", "--help" | "-h"] => {
            print!("{HELP}{}", steps::list());
            return ExitCode::SUCCESS;
        }
        ["test", options @ ..] => match chosen(options) {
            Ok(names) => return steps::run(&names),
            Err(error) => Err(error),
        },
        ["setup"] => return steps::run(&["setup", "servers"]),
        // How a step that goes on beside another one is started.
        ["step", name] => return steps::run_alone(name),
        ["accept"] => ratios::accept(),
        ["advisories", database] => advisories::renew(database.as_ref()),
        _ => Err(format!("what is meant by {words:?}? `cargo xtask --help` tells")),
    };
    match result {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// The names of the steps that the options ask for.
fn chosen(options: &[&str]) -> Result<Vec<&'static str>, String> {
    let all = steps::names();
    let known = |list: &str| {
        list.split(',').try_for_each(|name| {
            if all.contains(&name) { Ok(()) } else { Err(format!("no step is named {name:?}; there are {}", all.join(", "))) }
        })
    };
    match options {
        [] => Ok(all),
        ["--only", list] => {
            known(list)?;
            Ok(all.into_iter().filter(|name| list.split(',').any(|chosen| chosen == *name)).collect())
        }
        ["--skip", list] => {
            known(list)?;
            Ok(all.into_iter().filter(|name| list.split(',').all(|skipped| skipped != *name)).collect())
        }
        _ => Err(format!("`test` takes --only or --skip with a list of steps, not {options:?}")),
    }
}
