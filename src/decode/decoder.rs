//! The seam between bytes and columns.

use arrow_schema::FieldRef;

use super::unframed::Unframed;
use super::{Column, DecodeError, WriterSchemas, avro, ignore, json, protobuf, raw, simple};
use crate::error::Result;
use crate::spec::{Framing, Kind, Names, Side, Spec, Type};

/// What becomes of a record that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnError {
    /// It goes to the error table.
    #[default]
    Collect,
    /// The consumption ends with [`crate::error::Error::Undecodable`].
    Fail,
    /// It is a row whose columns of this side are null.
    Null,
}

/// A payload that could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPayload {
    /// Its index among the payloads of the call.
    pub index: usize,
    /// Column, position and reason.
    pub error: DecodeError,
}

/// Turns payloads into rows.
pub trait Decoder: Send + std::fmt::Debug {
    /// The fields of the columns, in order.
    fn fields(&self) -> &[FieldRef];

    /// Appends exactly one row per payload to every column: nulls for a null payload, and nulls and an entry in `bad` for one
    /// that cannot be decoded. `columns` are one per field, in order.
    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>);

    /// Whether the records' headers may name schemas, so that [`Self::decode_named`] is to be called with them.
    fn looks_at_schema_headers(&self) -> bool {
        false
    }

    /// As [`Self::decode`], with the value of the header of each payload's record that names its schema: `__key_schema_id` or
    /// `__value_schema_id`.
    fn decode_named(
        &mut self,
        payloads: &[Option<&[u8]>],
        headers: &[Option<&[u8]>],
        columns: &mut [Column],
        bad: &mut Vec<BadPayload>,
    ) {
        let _ = headers;
        self.decode(payloads, columns, bad);
    }
}

/// The decoder of a spec, for keys or for values, with what the properties say filled in.
///
/// Fails as [`Spec::columns`] does.
pub fn decoder(spec: &Spec, side: Side, names: &Names) -> Result<Box<dyn Decoder>> {
    let fields = spec.columns(side, names)?;
    #[cfg(test)]
    if fields.iter().any(|field| field.name() == PANICS) {
        return Ok(Box::new(Panicking(raw::Raw::new(fields))));
    }
    Ok(match &spec.kind {
        Kind::Avro(avro) => Box::new(avro::Avro::new(avro, &names.column(side), None)?),
        Kind::Protobuf(spec) => Box::new(protobuf::Protobuf::new(spec, None)?),
        Kind::Ignore => Box::new(ignore::Ignore),
        Kind::Raw { .. } => Box::new(raw::Raw::new(fields)),
        Kind::Simple { .. } => {
            let (_, data_type) = spec.simple_column(side, names)?;
            if data_type == Type::Binary {
                Box::new(raw::Raw::new(fields))
            } else {
                Box::new(simple::Simple::new(fields, data_type))
            }
        }
        Kind::Json { columns } => framed(spec, Box::new(json::Json::new(fields, columns, spec.options)?)),
        Kind::Object(object) => framed(spec, Box::new(json::Object::new(fields, object.value()?, spec.options)?)),
    })
}

/// The decoder of a spec where there is a registry: for Avro and Protobuf it asks `registry` for the schemas that framings name and the
/// spec does not give, for JSON it takes frames off. Of any other spec as [`decoder`] makes it.
///
/// Fails as [`Spec::columns`] does.
pub fn decoder_with_registry(
    spec: &Spec,
    side: Side,
    names: &Names,
    registry: Box<dyn WriterSchemas>,
) -> Result<Box<dyn Decoder>> {
    match &spec.kind {
        Kind::Avro(avro) => {
            spec.validate()?;
            Ok(Box::new(avro::Avro::new(avro, &names.column(side), Some(registry))?))
        }
        Kind::Protobuf(protobuf) => {
            spec.validate()?;
            Ok(Box::new(protobuf::Protobuf::new(protobuf, Some(registry))?))
        }
        Kind::Json { .. } | Kind::Object(_) if spec.options.framing.is_none() => {
            Ok(Box::new(Unframed::new(decoder(spec, side, names)?)))
        }
        _ => decoder(spec, side, names),
    }
}

/// A decoder of JSON, with the frames taken off where the spec says so.
fn framed(spec: &Spec, decoder: Box<dyn Decoder>) -> Box<dyn Decoder> {
    match spec.options.framing {
        None | Some(Framing::None) => decoder,
        Some(_) => Box::new(Unframed::new(decoder)),
    }
}

/// A raw column of this name has, in tests, a decoder that panics at the payload `boom`.
#[cfg(test)]
pub(crate) const PANICS: &str = "Panics";

#[cfg(test)]
#[derive(Debug)]
struct Panicking(raw::Raw);

#[cfg(test)]
impl Decoder for Panicking {
    fn fields(&self) -> &[FieldRef] {
        self.0.fields()
    }

    fn decode(&mut self, payloads: &[Option<&[u8]>], columns: &mut [Column], bad: &mut Vec<BadPayload>) {
        for payload in payloads {
            self.0.decode(&[*payload], columns, bad);
            assert!(*payload != Some(b"boom"), "boom");
        }
    }
}
