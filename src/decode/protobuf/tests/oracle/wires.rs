//! Messages as anybody writes them on the wire: in any order, more than once, split, overlong, and wrong.

use fastrand::Rng;

use super::schemas::{Field, Label, Message, Schema, Type};

pub(super) struct Writer<'a> {
    pub(super) schema: &'a Schema,
    pub(super) random: &'a mut Rng,
    /// One in so many fields is wrong; never where it is zero.
    pub(super) wrong: u32,
    /// In the order of the numbers, each field once, nothing unknown before others and nothing overlong: as writers do.
    pub(super) tidy: bool,
}

impl Writer<'_> {
    fn once_in(&mut self, times: u32) -> bool {
        times > 0 && self.random.u32(..times) == 0
    }

    /// A number, often longer than need be.
    fn varint(&mut self, mut value: u64, out: &mut Vec<u8>) {
        let mut length = 1;
        while value >= 0x80 {
            out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
            value >>= 7;
            length += 1;
        }
        let last = u8::try_from(value).unwrap();
        if length < 9 && !self.tidy && self.random.u8(..16) == 0 {
            out.push(last | 0x80);
            out.extend(std::iter::repeat_n(0x80, self.random.usize(..9 - length)));
            out.push(0);
        } else {
            out.push(last);
        }
    }

    fn tag(&mut self, number: u32, wire_type: u64, out: &mut Vec<u8>) {
        self.varint(u64::from(number) << 3 | wire_type, out);
    }

    fn run(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.varint(bytes.len() as u64, out);
        out.extend_from_slice(bytes);
    }

    pub(super) fn message(&mut self, index: usize, depth: usize) -> Vec<u8> {
        let message: &Message = &self.schema.messages[index];
        let mut out = Vec::new();
        let google_s = message.name.starts_with("google");
        let value = message.name.ends_with(".Value");
        if depth > 7 && !value {
            return out;
        }
        let mut order: Vec<&Field> = message.fields.iter().collect();
        if value {
            // One kind, seldom another behind it.
            let kinds = if depth > 5 { 4 } else { 6 };
            order = (0..1 + usize::from(self.once_in(8))).map(|_| &message.fields[self.random.usize(..kinds)]).collect();
        }
        if self.tidy && !value {
            order.sort_by_key(|field| field.number);
            let members: Vec<u32> = order.iter().filter(|field| field.oneof).map(|field| field.number).collect();
            let member = members.get(self.random.usize(..members.len().max(1)));
            order.retain(|field| !field.oneof || Some(&field.number) == member);
        } else {
            for _ in 0..if google_s { 0 } else { self.random.usize(..3) } {
                order.push(&message.fields[self.random.usize(..message.fields.len())]);
            }
            if self.random.u8(..4) == 0 {
                self.random.shuffle(&mut order);
            }
        }
        for field in order {
            let skipped = if field.label == Label::Required { 30 } else { 3 };
            if self.once_in(skipped) && !google_s {
                continue;
            }
            if !self.tidy && self.once_in(12) {
                self.unknown(&mut out, 0);
            }
            if value && field.number == 2 && !self.once_in(20) {
                self.tag(2, 1, &mut out);
                out.extend_from_slice(&[1.0_f64, -0.0, 1e300, 0.1][self.random.usize(..4)].to_le_bytes());
                continue;
            }
            if message.name.ends_with("Timestamp") || message.name.ends_with("Duration") {
                let most = if field.number == 1 { 9_000_000_000 } else { 999_999_999 };
                let value = if self.once_in(20) { self.number() } else { self.random.u64(..=most) };
                self.tag(field.number, 0, &mut out);
                self.varint(value, &mut out);
                continue;
            }
            self.field(field, depth, &mut out);
        }
        if self.once_in(self.wrong) && !out.is_empty() {
            let at = self.random.usize(..out.len());
            match self.random.u8(..3) {
                0 => out[at] = self.random.u8(..),
                1 => out.truncate(at),
                _ => out.insert(at, self.random.u8(..)),
            }
        }
        out
    }

    fn unknown(&mut self, out: &mut Vec<u8>, depth: usize) {
        // Beyond all that schemas have, but for the rare ones.
        let number = self.random.u32(100_000..200_000);
        match self.random.u8(..5) {
            0 => {
                self.tag(number, 0, out);
                let value = self.number();
                self.varint(value, out);
            }
            1 => {
                self.tag(number, 1, out);
                out.extend_from_slice(&self.random.u64(..).to_le_bytes());
            }
            2 => {
                self.tag(number, 2, out);
                self.run(&[0xff; 3], out);
            }
            3 if depth < 5 => {
                self.tag(number, 3, out);
                self.unknown(out, depth + 1);
                self.tag(number, 4, out);
            }
            _ => {
                self.tag(number, 5, out);
                out.extend_from_slice(&self.random.u32(..).to_le_bytes());
            }
        }
    }

    fn number(&mut self) -> u64 {
        const TELLING: [u64; 10] = [0, 1, 2, 127, 128, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, i64::MAX as u64, u64::MAX];
        match self.random.u8(..3) {
            0 => TELLING[self.random.usize(..TELLING.len())],
            1 => self.random.u64(..1000),
            _ => self.random.u64(..),
        }
    }

    fn field(&mut self, field: &Field, depth: usize, out: &mut Vec<u8>) {
        if self.once_in(self.wrong) {
            let wire_type = self.random.u64(..8);
            self.tag(field.number, wire_type, out);
            out.extend((0..self.random.usize(..9)).map(|_| self.random.u8(..4)));
            return;
        }
        if let Type::Map(key, value) = &field.of {
            let mut entry = Vec::new();
            for _ in 0..self.random.usize(..3) {
                let (number, of) = if self.random.bool() { (1, Type::Scalar(key)) } else { (2, (**value).clone()) };
                self.value(number, &of, false, depth, &mut entry);
            }
            self.tag(field.number, 2, out);
            return self.run(&entry, out);
        }
        let times = if field.label == Label::Repeated { self.random.usize(..4) } else { 1 };
        let packable = !matches!(field.of, Type::Message(_) | Type::Scalar("string" | "bytes"));
        if field.label == Label::Repeated && packable && self.random.bool() {
            let mut run = Vec::new();
            (0..times).for_each(|_| self.bare(&field.of, &mut run));
            self.tag(field.number, 2, out);
            return self.run(&run, out);
        }
        (0..times).for_each(|_| self.value(field.number, &field.of, field.delimited, depth, out));
    }

    fn value(&mut self, number: u32, of: &Type, delimited: bool, depth: usize, out: &mut Vec<u8>) {
        match of {
            Type::Message(message) => {
                let message = self.message(*message, depth + 1);
                if delimited {
                    self.tag(number, 3, out);
                    out.extend_from_slice(&message);
                    return self.tag(number, 4, out);
                }
                self.tag(number, 2, out);
                self.run(&message, out);
            }
            Type::Scalar("string" | "bytes") => {
                let wrong = self.once_in(self.wrong);
                let text = ["", "a", "b", "ü€😀", "\"\\\u{1}\n"][self.random.usize(..5)];
                self.tag(number, 2, out);
                self.run(if wrong { &[0xc3] } else { text.as_bytes() }, out);
            }
            Type::Scalar("sfixed32" | "fixed32" | "float") => {
                self.tag(number, 5, out);
                self.bare(of, out);
            }
            Type::Scalar("sfixed64" | "fixed64" | "double") => {
                self.tag(number, 1, out);
                self.bare(of, out);
            }
            _ => {
                self.tag(number, 0, out);
                self.bare(of, out);
            }
        }
    }

    /// A value without its tag.
    fn bare(&mut self, of: &Type, out: &mut Vec<u8>) {
        const FLOATS: [f64; 8] = [0.0, -0.0, 1.0, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1];
        #[expect(clippy::cast_possible_truncation, reason = "any number will do")]
        match of {
            Type::Scalar("float") => {
                out.extend_from_slice(&(FLOATS[self.random.usize(..FLOATS.len())] as f32).to_le_bytes());
            }
            Type::Scalar("double") => out.extend_from_slice(&FLOATS[self.random.usize(..FLOATS.len())].to_le_bytes()),
            Type::Scalar("sfixed32" | "fixed32") => out.extend_from_slice(&(self.number() as u32).to_le_bytes()),
            Type::Scalar("sfixed64" | "fixed64") => out.extend_from_slice(&self.number().to_le_bytes()),
            Type::Enum(_) => {
                let number = [0, 1, 7, (-5_i64).cast_unsigned(), self.number()][self.random.usize(..5)];
                self.varint(number, out);
            }
            _ => {
                let number = self.number();
                self.varint(number, out);
            }
        }
    }
}
