//! Known vulnerabilities: `xtask/advisories.txt`, an extract of the RustSec advisory database, so that the check needs no network.
//!
//! One line an advisory, fields separated by tabs: id, crate, kind (`vulnerability`, `unsound`, `unmaintained`, `notice`), versions with the
//! mend, versions that never had the fault; requirements separated by `|`. `cargo xtask advisories DIR` renews it from a checkout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use semver::{Version, VersionReq};

use crate::graph::{Package, everything};
use crate::policy;
use crate::process::{output, top};
use crate::steps::Outcome;

struct Advisory<'a> {
    id: &'a str,
    package: &'a str,
    kind: &'a str,
    mended: Vec<VersionReq>,
}

/// Looks every dependency up. Vulnerabilities and unsoundness fail; what nobody maintains is told.
pub(crate) fn check() -> Outcome {
    let path = extract_path();
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let ignored = policy::strings(&policy::read()?, "advisories", "ignore").unwrap_or_default();
    let crates = everything()?;
    let advisories = text.lines().filter(|line| !line.starts_with('#')).map(parse).collect::<Result<Vec<_>, _>>()?;
    let mut problems = Vec::new();
    for (advisory, package) in concerned(&advisories, &crates)? {
        let said = format!("{} {}: {} ({})", package.name, package.version, advisory.id, advisory.kind);
        match advisory.kind {
            _ if ignored.iter().any(|id| id == advisory.id) => println!("{said}: ignored by deny.toml"),
            "vulnerability" | "unsound" => problems.push(said),
            _ => println!("{said}"),
        }
    }
    let as_of = text.lines().next().unwrap_or_default().trim_start_matches("# ");
    if problems.is_empty() {
        Ok(format!("{} crates, {} advisories; {as_of}", crates.len(), advisories.len()))
    } else {
        Err(problems.join("\n"))
    }
}

/// The advisories that concern a version in the graph.
fn concerned<'a>(advisories: &'a [Advisory<'a>], crates: &'a [Package]) -> Result<Vec<(&'a Advisory<'a>, &'a Package)>, String> {
    let mut found = Vec::new();
    for package in crates {
        for advisory in advisories.iter().filter(|advisory| advisory.package == package.name) {
            let version =
                Version::parse(&package.version).map_err(|error| format!("{} {}: {error}", package.name, package.version))?;
            if !advisory.mended.iter().any(|mended| mended.matches(&version)) {
                found.push((advisory, package));
            }
        }
    }
    Ok(found)
}

fn parse(line: &str) -> Result<Advisory<'_>, String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [id, package, kind, patched, unaffected] = fields.as_slice() else { return Err(format!("not five fields: {line:?}")) };
    let requirements = patched.split('|').chain(unaffected.split('|')).filter(|text| !text.is_empty());
    let mended = requirements.map(|text| VersionReq::parse(text).map_err(|error| format!("{id}: {text:?}: {error}")));
    Ok(Advisory { id, package, kind, mended: mended.collect::<Result<_, _>>()? })
}

/// Writes the extract anew from a checkout of the database.
pub(crate) fn renew(database: &Path) -> Outcome {
    let date = output(Command::new("git").arg("-C").arg(database).args(["log", "-1", "--format=%cs"]))?;
    let mut lines = Vec::new();
    for folder in entries(&database.join("crates"))? {
        for file in entries(&folder)? {
            let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            lines.extend(extract(&text));
        }
    }
    if lines.is_empty() {
        return Err(format!("{} holds no advisories", database.display()));
    }
    lines.sort();
    for line in &lines {
        parse(line)?;
    }
    let head = format!("# RustSec advisory database as of {}", date.trim());
    fs::write(extract_path(), format!("{head}\n{}\n", lines.join("\n"))).map_err(|error| format!("advisories.txt: {error}"))?;
    Ok(format!("{} advisories", lines.len()))
}

/// The line of an advisory; none where it was withdrawn.
fn extract(text: &str) -> Option<String> {
    let one = |section, key| policy::strings(text, section, key).and_then(|found| found.into_iter().next());
    let many = |key| policy::strings(text, "versions", key).unwrap_or_default().join("|");
    if one("advisory", "withdrawn").is_some() {
        return None;
    }
    let kind = one("advisory", "informational").unwrap_or_else(|| "vulnerability".into());
    Some(format!(
        "{}\t{}\t{kind}\t{}\t{}",
        one("advisory", "id")?,
        one("advisory", "package")?,
        many("patched"),
        many("unaffected")
    ))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    read.map(|entry| entry.map(|entry| entry.path()).map_err(|error| format!("{}: {error}", folder.display()))).collect()
}

fn extract_path() -> PathBuf {
    top().join("xtask/advisories.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(version: &str) -> Package {
        Package { name: "lz4_flex".into(), version: version.into(), licence: None, links: None, source: None }
    }

    #[test]
    fn a_version_is_concerned_unless_it_has_the_mend_or_never_had_the_fault() {
        let advisories = [parse("RUSTSEC-1\tlz4_flex\tvulnerability\t>= 0.11.6, < 0.12.0|>= 0.12.1\t< 0.5.0").unwrap()];
        for (version, count) in [("0.11.5", 1), ("0.12.0", 1), ("0.11.6", 0), ("0.12.1", 0), ("0.4.9", 0)] {
            assert_eq!(concerned(&advisories, &[package(version)]).unwrap().len(), count, "{version}");
        }
    }

    #[test]
    fn an_advisory_is_extracted_and_a_withdrawn_one_is_not() {
        let text = "```toml\n[advisory]\nid = \"RUSTSEC-2\"\npackage = \"thing\"\n\n[versions]\npatched = [\">= 2\"]\n```\n";
        assert_eq!(extract(text).as_deref(), Some("RUSTSEC-2\tthing\tvulnerability\t>= 2\t"));
        assert_eq!(extract(&text.replace("package", "withdrawn = \"2026-01-01\"\npackage")), None);
    }
}
