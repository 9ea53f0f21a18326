//! Licences, bans and sources: `deny.toml`, checked without cargo-deny, which takes minutes to compile on two cores.

use crate::graph::{Package, everything};
use crate::process::{cargo, exists_subcommand, run};
use crate::steps::Outcome;
use crate::{policy, spdx};

/// Looks at every crate that kolumn's crates need in any way, their tests included.
pub(crate) fn check() -> Outcome {
    let text = policy::read()?;
    let list =
        |section, key| policy::strings(&text, section, key).ok_or_else(|| format!("deny.toml has no {key} in [{section}]"));
    let allowed = list("licenses", "allow")?;
    let banned = list("bans", "deny")?;
    let crates = everything()?;
    let problems: Vec<String> = crates.iter().flat_map(|package| problems_of(package, &allowed, &banned)).collect();
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    if exists_subcommand("deny") {
        run(cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    }
    Ok(format!("{} crates", crates.len()))
}

fn problems_of(package: &Package, allowed: &[String], banned: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut problem = |what: String| problems.push(format!("{} {}: {what}", package.name, package.version));
    if banned.contains(&package.name) {
        problem("is banned by deny.toml".into());
    }
    match &package.licence {
        Some(licence) if spdx::is_allowed(licence, allowed) => {}
        Some(licence) => problem(format!("the licence {licence:?} is not allowed by deny.toml")),
        None => problem("names no licence".into()),
    }
    if package.source.as_ref().is_some_and(|source| !source.starts_with("registry+")) {
        problem("comes from somewhere else than the registry, so that kolumn could not be published".into());
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_banned_unlicensed_or_from_elsewhere_is_a_problem() {
        let good = Package {
            name: "good".into(),
            version: "1.0.0".into(),
            licence: Some("MIT".into()),
            links: None,
            source: Some("registry+somewhere".into()),
        };
        let (allowed, banned) = (["MIT".to_owned()], ["cc".to_owned()]);
        assert_eq!(problems_of(&good, &allowed, &banned), Vec::<String>::new());
        for bad in [
            Package { name: "cc".into(), ..good.clone() },
            Package { licence: Some("GPL-3.0-only".into()), ..good.clone() },
            Package { licence: None, ..good.clone() },
            Package { source: Some("git+somewhere".into()), ..good.clone() },
        ] {
            assert_eq!(problems_of(&bad, &allowed, &banned).len(), 1, "{bad:?}");
        }
    }
}
