//! What a user may do, and what a broker is told while it runs.

use kafka_protocol::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{AlterClientQuotasRequest, CreateAclsRequest, IncrementalAlterConfigsRequest};
use kafka_protocol::protocol::StrBytes;

use super::admin::{Admin, check};
use super::wire::call;
use crate::error::Result;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const LITERAL: i8 = 3;
const READ: i8 = 3;
const DESCRIBE: i8 = 8;
const DENY: i8 = 2;
const ALLOW: i8 = 3;
const SET: i8 = 0;

impl Admin {
    /// Lets `user` see a topic and not read it.
    pub fn forbid_reading(&self, user: &str, topic: &str) -> Result<()> {
        self.acl(user, topic, DESCRIBE, ALLOW)?;
        self.acl(user, topic, READ, DENY)
    }

    fn acl(&self, user: &str, topic: &str, operation: i8, permission: i8) -> Result<()> {
        let acl = AclCreation::default()
            .with_resource_type(TOPIC)
            .with_resource_name(StrBytes::from_string(topic.to_owned()))
            .with_resource_pattern_type(LITERAL)
            .with_principal(StrBytes::from_string(format!("User:{user}")))
            .with_host(StrBytes::from_static_str("*"))
            .with_operation(operation)
            .with_permission_type(permission);
        let request = CreateAclsRequest::default().with_creations(vec![acl]);
        for result in self.any(|broker| call(broker, 3, &request))?.results {
            check("CreateAcls", topic, result.error_code, result.error_message)?;
        }
        Ok(())
    }

    /// Lets clients of this id fetch so many bytes a second and no more.
    pub fn limit_fetches(&self, client_id: &str, bytes_per_second: f64) -> Result<()> {
        let entity = EntityData::default()
            .with_entity_type(StrBytes::from_static_str("client-id"))
            .with_entity_name(Some(StrBytes::from_string(client_id.to_owned())));
        let limit = OpData::default().with_key(StrBytes::from_static_str("consumer_byte_rate")).with_value(bytes_per_second);
        let entry = EntryData::default().with_entity(vec![entity]).with_ops(vec![limit]);
        let request = AlterClientQuotasRequest::default().with_entries(vec![entry]);
        for answer in self.any(|broker| call(broker, 1, &request))?.entries {
            check("AlterClientQuotas", client_id, answer.error_code, answer.error_message)?;
        }
        Ok(())
    }

    /// Changes properties of a running node, a listener's certificate for example.
    pub fn configure_node(&self, node: i32, properties: &[(&str, &str)]) -> Result<()> {
        self.configure(BROKER, &node.to_string(), properties)
    }

    /// Changes properties of a topic, `retention.ms` for example.
    pub fn configure_topic(&self, topic: &str, properties: &[(&str, &str)]) -> Result<()> {
        self.configure(TOPIC, topic, properties)
    }

    fn configure(&self, kind: i8, name: &str, properties: &[(&str, &str)]) -> Result<()> {
        let configs = properties.iter().map(|(key, value)| {
            AlterableConfig::default()
                .with_name(StrBytes::from_string((*key).to_owned()))
                .with_config_operation(SET)
                .with_value(Some(StrBytes::from_string((*value).to_owned())))
        });
        let resource = AlterConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(StrBytes::from_string(name.to_owned()))
            .with_configs(configs.collect());
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
        for answer in self.any(|broker| call(broker, 1, &request))?.responses {
            check("IncrementalAlterConfigs", name, answer.error_code, answer.error_message)?;
        }
        Ok(())
    }
}
