//! A `.proto` file as a registry has it: what its messages are called.

use std::collections::BTreeMap;
use std::fmt;

use prost_reflect::{FileDescriptor, MessageDescriptor};

use super::schema::compile;

/// A file of Protobuf, compiled.
#[derive(Clone)]
pub struct ProtobufFile {
    file: FileDescriptor,
}

impl ProtobufFile {
    /// Compiles the text of a file with those that it imports, by the names of the imports. Google's own are known. Says what is wrong.
    pub(crate) fn read<'a>(text: &str, imports: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let imports: BTreeMap<_, _> = imports.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let file = compile(text, &imports)?;
        Ok(Self { file })
    }

    /// The message that indexes name: the first among the file's messages, the next among those within that one.
    pub(crate) fn message(&self, indexes: &[i32]) -> Option<MessageDescriptor> {
        self.named(indexes, |_| true)
    }

    /// Whether indexes may name the message of this name.
    ///
    /// A map field has a message of its own for its entries, whose place among the others is a matter of who is asked: a compiler puts it
    /// where the field stands, Confluent's Java registers a text in which fields come first, or does not count it.
    pub(crate) fn may_name(&self, indexes: &[i32], name: &str) -> bool {
        let is_it = |message: Option<MessageDescriptor>| message.is_some_and(|message| message.full_name() == name);
        is_it(self.message(indexes)) || is_it(self.named(indexes, |message| !message.is_map_entry()))
    }

    fn named(&self, indexes: &[i32], counts: impl Fn(&MessageDescriptor) -> bool) -> Option<MessageDescriptor> {
        let (first, inner) = indexes.split_first()?;
        let top = self.file.messages().nth(usize::try_from(*first).ok()?)?;
        inner.iter().try_fold(top, |message, index| message.child_messages().filter(&counts).nth(usize::try_from(*index).ok()?))
    }
}

impl fmt::Debug for ProtobufFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<_> = self.file.messages().map(|message| message.full_name().to_owned()).collect();
        write!(f, "ProtobufFile({})", messages.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use prost_reflect::prost::Message as _;

    use super::*;

    #[test]
    fn indexes_name_messages_in_the_order_of_the_text_and_beyond_it_none() {
        let file = ProtobufFile::read(
            r#"syntax = "proto3"; package p; import "other/o.proto"; message A { o.O o = 1; } message B { message C {} message D {} }"#,
            [("other/o.proto", r#"syntax = "proto3"; package o; message O {}"#)],
        )
        .expect("it compiles");
        let name = |indexes: &[i32]| file.message(indexes).map(|message| message.full_name().to_owned());
        assert_eq!(name(&[0]).as_deref(), Some("p.A"));
        assert_eq!(name(&[1, 1]).as_deref(), Some("p.B.D"));
        for indexes in [&[][..], &[2], &[-1], &[0, 0], &[1, 2]] {
            assert_eq!(name(indexes), None, "{indexes:?}");
        }
        assert!(ProtobufFile::read(r#"syntax = "proto3"; import "gone.proto";"#, []).is_err());
    }

    #[test]
    fn descriptors_in_base64_are_files_too_under_the_name_that_they_are_imported_by() {
        let texts = [
            r#"syntax = "proto3"; package o; message O { string name = 1; }"#,
            r#"syntax = "proto3"; package p; import "other/o.proto"; message A { o.O o = 1; message B {} }"#,
        ];
        let compiled = ProtobufFile::read(texts[1], [("other/o.proto", texts[0])]).expect("it compiles");
        let [imported, root] = ["other/o.proto", "schema.proto"].map(|name| {
            let mut proto = compiled.file.parent_pool().get_file_by_name(name).expect("a file").file_descriptor_proto().clone();
            proto.name = Some("as-the-writer-calls-it.proto".into());
            BASE64.encode(proto.encode_to_vec())
        });
        for (root, imported) in [(&*root, &*imported), (texts[1], &*imported), (&*root, texts[0])] {
            let file = ProtobufFile::read(root, [("other/o.proto", imported)]).expect("it is read");
            assert_eq!(file.message(&[0, 0]).map(|message| message.full_name().to_owned()).as_deref(), Some("p.A.B"));
        }
        assert!(ProtobufFile::read("AAAA", []).is_err(), "base64 of what is no descriptor");
    }

    #[test]
    fn messages_of_map_entries_are_counted_or_not_whichever_names_the_message() {
        let text = r#"syntax = "proto3"; message A { map<string, int32> m = 1; message B {} message C {} }"#;
        let file = ProtobufFile::read(text, []).expect("it compiles");
        let names = |indexes: &[i32]| ["A.MEntry", "A.B", "A.C"].map(|name| file.may_name(indexes, name));
        assert_eq!(names(&[0, 0]), [true, true, false]);
        assert_eq!(names(&[0, 1]), [false, true, true]);
        assert_eq!(names(&[0, 2]), [false, false, true]);
        assert_eq!(names(&[0, 3]), [false; 3]);
    }
}
