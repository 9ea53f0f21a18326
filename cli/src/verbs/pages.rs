//! `kolumn completions`, `kolumn man`, and the properties of `-X list`.

use std::io::{self, Write};
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::arguments::{CommandLine, CompletionsArguments, ManArguments};
use crate::exit::Failure;
use crate::source;

/// Prints the completions of a shell.
pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), "kolumn", &mut text);
    print(&text)
}

/// Prints a manual page, or writes all of them.
pub(crate) fn man(arguments: &ManArguments) -> Result<(), Failure> {
    let mut command = CommandLine::command();
    command.build();
    match (&arguments.directory, &arguments.verb) {
        (Some(directory), _) => write_pages(&command, directory),
        (None, None) => print(&page(&command, "kolumn")?),
        (None, Some(verb)) => {
            let found = command.find_subcommand(verb).ok_or_else(|| Failure::NotFound(format!("there is no verb {verb:?}")))?;
            print(&page(found, &format!("kolumn-{verb}"))?)
        }
    }
}

/// Whether the arguments ask for the list of properties, as kcat's `-X list` does: nothing else is needed with it.
pub(crate) fn asks_for_properties(arguments: impl Iterator<Item = String>) -> bool {
    let mut before = String::new();
    for argument in arguments.take_while(|argument| argument != "--") {
        let flag = ["-X", "--property"].contains(&before.as_str());
        if (flag && argument == "list") || ["-Xlist", "--property=list"].contains(&argument.as_str()) {
            return true;
        }
        before = argument;
    }
    false
}

/// Prints the properties, and what each does.
pub(crate) fn properties() -> Result<(), Failure> {
    print(source::property_list().as_bytes())
}

fn write_pages(command: &Command, directory: &Path) -> Result<(), Failure> {
    let verbs = command.get_subcommands().map(|verb| (verb, format!("kolumn-{}", verb.get_name())));
    for (command, name) in verbs.chain([(command, "kolumn".to_owned())]) {
        let path = directory.join(format!("{name}.1"));
        std::fs::write(&path, page(command, &name)?).map_err(|reason| Failure::File { what: "write", path, reason })?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    Man::new(command.clone()).title(name).render(&mut text).map_err(|error| Failure::Output(error.to_string()))?;
    Ok(text)
}

fn print(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::Output(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_a_page_with_its_flags() {
        let directory = tempfile::tempdir().unwrap();
        let mut command = CommandLine::command();
        command.build();
        write_pages(&command, directory.path()).unwrap();
        for name in ["kolumn", "kolumn-demo", "kolumn-consume", "kolumn-topics", "kolumn-perf", "kolumn-schema", "kolumn-decode"]
        {
            let text = std::fs::read_to_string(directory.path().join(format!("{name}.1"))).unwrap();
            assert!(text.contains(".TH"), "{name}");
        }
        let consume = std::fs::read_to_string(directory.path().join("kolumn-consume.1")).unwrap();
        assert!(consume.contains("by\\-partition") && consume.contains("Examples"), "{consume}");
    }

    fn asks(arguments: &[&str]) -> bool {
        asks_for_properties(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn the_list_is_asked_for_by_a_property_called_list_and_by_nothing_else() {
        assert!(asks(&["consume", "-X", "list"]) && asks(&["-Xlist"]) && asks(&["topics", "--property=list"]));
        assert!(!asks(&["consume", "list"]) && !asks(&["-X", "client.id=list"]) && !asks(&["consume", "--", "-X", "list"]));
    }
}
