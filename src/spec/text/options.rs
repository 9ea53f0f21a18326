//! What follows the semicolon.

use super::reader::{DELIMITERS, Reader, Wrong};
use crate::error::nearest;
use crate::spec::{Framing, Kind, Options, Tombstones, Zone, avro, protobuf};

const OPTIONS: [&str; 6] = ["lenient", "tombstones", "zone", "depth", "size", "framing"];

impl Reader<'_> {
    pub(super) fn options(&mut self, kind: &mut Kind) -> Result<Options, Wrong> {
        let mut options = Options::default();
        loop {
            self.space();
            let start = self.position;
            let mut name = self.until(&DELIMITERS).trim().to_owned();
            if name.starts_with("import@\"") {
                // A name in quotes may hold what ends others.
                self.position = start + "import@".len();
                name = format!("import@{}", self.quoted()?);
            }
            let name = name.as_str();
            let value = if !self.take('=') {
                None
            } else if self.space_then('"') {
                Some(self.quoted()?)
            } else {
                Some(self.until(&[',', ';']).trim().to_owned())
            };
            let own = match kind {
                Kind::Avro(avro) => avro.option(name, value.as_deref()),
                Kind::Protobuf(protobuf) => protobuf.option(name, value.as_deref()),
                _ => None,
            };
            if let Some(taken) = own {
                taken.map_err(|reason| self.wrong(start, reason))?;
                if self.take(',') {
                    continue;
                }
                return Ok(options);
            }
            match (name, value.as_deref()) {
                ("lenient", None) => options.lenient = true,
                ("tombstones", Some("rows")) => options.tombstones = Tombstones::Rows,
                ("tombstones", Some("skip")) => options.tombstones = Tombstones::Skip,
                ("tombstones", _) => return Err(self.wrong(start, "tombstones are rows or skip, as in tombstones=skip")),
                ("zone", Some(zone)) => options.zone = Some(Zone::read(zone).map_err(|reason| self.wrong(start, reason))?),
                ("depth", Some(depth)) => {
                    options.depth = depth.parse().map_err(|_| self.wrong(start, format!("the depth {depth:?} is no number")))?;
                }
                ("size", Some(size)) => {
                    options.size = size.parse().map_err(|_| self.wrong(start, format!("the size {size:?} is no number")))?;
                }
                ("framing", Some(name)) if matches!(kind, Kind::Json { .. } | Kind::Object(_)) => {
                    options.framing = Some(Framing::of_json(name).map_err(|reason| self.wrong(start, reason))?);
                }
                ("framing", _) if !matches!(kind, Kind::Json { .. } | Kind::Object(_)) => {
                    return Err(
                        self.wrong(start, "the option framing has a meaning for avro, protobuf, json and object specs only")
                    );
                }
                (known, value) if OPTIONS.contains(&known) => {
                    let reason = if value.is_some() { "takes no value" } else { "lacks its value" };
                    return Err(self.wrong(start, format!("the option {known} {reason}")));
                }
                (other, _) if avro::OPTIONS.contains(&other) || protobuf::OPTIONS.contains(&other) => {
                    let kinds: Vec<&str> = [("avro", avro::OPTIONS.as_slice()), ("protobuf", protobuf::OPTIONS.as_slice())]
                        .into_iter()
                        .filter_map(|(kind, options)| options.contains(&other).then_some(kind))
                        .collect();
                    let kinds = kinds.join(" and ");
                    return Err(self.wrong(start, format!("the option {other} has a meaning for {kinds} specs only")));
                }
                (other, _) => {
                    let own: &[&str] = match kind {
                        Kind::Avro(_) => &avro::OPTIONS,
                        Kind::Protobuf(_) => &protobuf::OPTIONS,
                        _ => &[],
                    };
                    let known: Vec<&str> = OPTIONS.iter().chain(own).copied().collect();
                    let hint = nearest(other, known.iter().copied()).map(|near| format!("; did you mean {near:?}?"));
                    let (hint, known) = (hint.unwrap_or_default(), known.join(", "));
                    return Err(self.wrong(start, format!("no option is named {other:?}{hint}; there are {known}")));
                }
            }
            if !self.take(',') {
                return Ok(options);
            }
        }
    }
}
