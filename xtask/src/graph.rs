//! The dependency graph, as cargo sees it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::policy;
use crate::process::{cargo, output};

/// One crate of the graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    /// The native library that its manifest says it links.
    pub(crate) links: Option<String>,
    /// Where it comes from; none for a crate of this workspace.
    pub(crate) source: Option<String>,
}

/// The crates that `cargo tree` names for these arguments, features as those packages alone ask for them.
pub(crate) fn tree(arguments: &[&str]) -> Result<Vec<Package>, String> {
    let known = packages()?;
    let text = output(cargo().args(["tree", "--prefix", "none", "--format", "{p}"]).args(arguments))?;
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, version) = name_and_version(line).ok_or_else(|| format!("cargo tree says {line:?}"))?;
        let package =
            known.get(&(name.to_owned(), version.to_owned())).ok_or_else(|| format!("cargo metadata does not know {line:?}"))?;
        found.insert((name.to_owned(), version.to_owned()), package.clone());
    }
    Ok(found.into_values().collect())
}

/// Where kolumn is built and run, as `deny.toml` says.
pub(crate) fn targets() -> Result<Vec<String>, String> {
    policy::strings(&policy::read()?, "graph", "targets").ok_or_else(|| "deny.toml has no targets in [graph]".into())
}

/// Every crate that kolumn's crates need in any way, their tests included, on any of the targets.
pub(crate) fn everything() -> Result<Vec<Package>, String> {
    let mut found = BTreeSet::new();
    for target in targets()? {
        found.extend(tree(&["--workspace", "--exclude", "kolumn-benches", "--edges", "normal,build,dev", "--target", &target])?);
    }
    Ok(found.into_iter().collect())
}

/// Package and name of every target of a kind in the workspace: `test` are integration tests, `bin` programs.
pub(crate) fn targets_of_kind(kind: &str) -> Result<Vec<(String, String)>, String> {
    let json = metadata(&["--no-deps"])?;
    let mut found = Vec::new();
    for package in list(&json, "packages") {
        for target in list(package, "targets").iter().filter(|target| list(target, "kind").iter().any(|found| found == kind)) {
            found.push((text(package, "name").unwrap_or_default(), text(target, "name").unwrap_or_default()));
        }
    }
    Ok(found)
}

/// `name v1.2.3 (…)`, as `cargo tree` prints it.
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

/// Every package that any part of the workspace could need, by name and version.
fn packages() -> Result<BTreeMap<(String, String), Package>, String> {
    let json = metadata(&[])?;
    let mut packages = BTreeMap::new();
    for entry in list(&json, "packages") {
        let name = text(entry, "name").ok_or("a package without a name")?;
        let version = text(entry, "version").ok_or("a package without a version")?;
        let package = Package {
            name: name.clone(),
            version: version.clone(),
            licence: text(entry, "license"),
            links: text(entry, "links"),
            source: text(entry, "source"),
        };
        packages.insert((name, version), package);
    }
    Ok(packages)
}

fn metadata(arguments: &[&str]) -> Result<Value, String> {
    let text = output(cargo().args(["metadata", "--format-version", "1"]).args(arguments))?;
    serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))
}

fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(json: &Value, key: &str) -> Option<String> {
    json.get(key).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_cargo_tree_is_a_name_and_a_version() {
        assert_eq!(name_and_version("serde v1.0.219"), Some(("serde", "1.0.219")));
        assert_eq!(name_and_version("kolumn v0.1.0 (/somewhere/kolumn)"), Some(("kolumn", "0.1.0")));
        assert_eq!(name_and_version("[build-dependencies]"), None);
    }
}
