//! No C: nothing in the library or the binary compiles, links or wraps it.

use crate::graph::{Package, targets, tree};
use crate::steps::Outcome;

/// Crates whose name ends in `-sys` and that hold no C, each with what it is instead.
const PURE: [(&str, &str); 2] = [
    ("linux-raw-sys", "numbers and layouts of Linux system calls, as Rust constants; rustix makes the calls itself"),
    ("prettyplease", "prints Rust; its `links` only keeps two versions of it out of one build, and nothing is linked"),
];
/// What a crate needs to compile or find C.
const BUILDERS: [&str; 6] = ["cc", "cmake", "bindgen", "pkg-config", "vcpkg", "system-deps"];

/// Looks at the graphs of the library and the binary on every target that they are built for.
pub(crate) fn check() -> Outcome {
    let mut problems = Vec::new();
    let mut count = 0;
    for target in targets()? {
        for package in ["kolumn", "kolumn-cli"] {
            let crates = tree(&["-p", package, "-e", "normal,build", "--target", &target])?;
            count = count.max(crates.len());
            problems.extend(
                crates.iter().filter_map(|found| {
                    Some(format!("{package} on {target}: {} {}: {}", found.name, found.version, c_in(found)?))
                }),
            );
        }
    }
    if problems.is_empty() { Ok(format!("{count} crates")) } else { Err(problems.join("\n")) }
}

/// What of a crate is C, if anything.
fn c_in(package: &Package) -> Option<String> {
    if PURE.iter().any(|(name, _)| *name == package.name) {
        return None;
    }
    if let Some(library) = &package.links {
        return Some(format!("links the native library {library}"));
    }
    if BUILDERS.contains(&package.name.as_str()) {
        return Some("builds or finds C".into());
    }
    package
        .name
        .ends_with("-sys")
        .then(|| "is the binding of a C library by its name; if it is not, no_c.rs has a list for it".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, links: Option<&str>) -> Package {
        Package { name: name.into(), version: "1.0.0".into(), licence: None, links: links.map(Into::into), source: None }
    }

    #[test]
    fn c_is_found_by_its_builders_its_bindings_and_its_links() {
        for bad in [package("cc", None), package("zstd-sys", None), package("innocent", Some("z"))] {
            assert!(c_in(&bad).is_some(), "{bad:?} is taken for pure Rust");
        }
        for good in [package("linux-raw-sys", None), package("bytes", None)] {
            assert_eq!(c_in(&good), None);
        }
    }

    #[test]
    fn the_benchmarks_which_hold_librdkafka_would_not_pass() {
        let crates = tree(&["-p", "kolumn-benches", "-e", "normal,build"]).unwrap();
        assert!(crates.iter().any(|found| c_in(found).is_some()), "the gate sees no C in librdkafka");
    }
}
