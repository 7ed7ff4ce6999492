//! The OpenAPI document, made of the handlers that answer.

use super::problem::{MEDIA_TYPE, Problem};
use super::{Offered, offers};
use crate::domain::token::Scope;
use crate::web::routes::{Rule, Verb};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;
use utoipa::openapi::path::{Operation, Paths};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, Info, License, OpenApi, Ref, RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

/// The name of the way to show a token.
const TOKEN: &str = "token";

/// The document. Nothing in it is the newsroom's own, so anybody may read it.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let document = document(offers());
    document.to_pretty_json().unwrap_or_default()
});

pub(in crate::web) async fn show() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, DOCUMENT.as_str()).into_response()
}

fn document(offers: impl Iterator<Item = Offered>) -> OpenApi {
    let (mut paths, mut components) = (Paths::new(), Components::new());
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    for mut offer in offers {
        guarded(&mut offer);
        schemas.append(&mut offer.schemas);
        paths.add_path_operation(&offer.path, vec![offer.verb.method()], offer.described);
    }
    components.schemas.extend(schemas);
    let scheme = Http::new(HttpAuthScheme::Bearer);
    let scheme = SecurityScheme::Http(scheme);
    components.add_security_scheme(TOKEN, scheme);
    let mut info = Info::new("Dateline", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "What can be done at Dateline's desk, for programs. Show a token that \
         `dateline token add` made. Every fault is a problem (RFC 9457)."
            .to_owned(),
    );
    info.license = Some(License::new("MIT OR Apache-2.0"));
    let mut document = OpenApi::new(info, paths);
    document.components = Some(components);
    document
}

/// Adds what every operation has in common: the token, and how it refuses.
fn guarded(offer: &mut Offered) {
    let scope = match offer.rule {
        Rule::Token(scope) => scope,
        Rule::Watcher
        | Rule::Anyone
        | Rule::Reader
        | Rule::OneClick
        | Rule::SignedIn
        | Rule::May(_) => None,
    };
    let scopes: Vec<_> = scope.into_iter().map(Scope::name).collect();
    let needs = SecurityRequirement::new(TOKEN, scopes);
    offer.described.security = Some(vec![needs]);
    let common = ["400", "401", "403", "404", "421", "422", "500", "503"];
    common
        .iter()
        .for_each(|status| refuses(&mut offer.described, status));
    if offer.verb != Verb::Get {
        ["409", "413", "415"]
            .iter()
            .for_each(|status| refuses(&mut offer.described, status));
    }
}

fn refuses(operation: &mut Operation, status: &str) {
    let problem = Ref::from_schema_name(Problem::name());
    let content = ContentBuilder::new().schema(Some(problem)).build();
    let words = match status {
        "400" => "What was sent is not of the form that is described here.",
        "401" => "No token was shown, or one that opens nothing.",
        "403" => "The token is not for this, or its account may not do it.",
        "404" => "What the path names is not there.",
        "409" => "It does not go with how things stand.",
        "413" => "The body is too long.",
        "415" => "The body is not JSON.",
        "421" => "The desk has no such host.",
        "422" => "It cannot be as it was asked for.",
        "503" => "The store or the relay cannot be reached; nothing is lost.",
        _ => "A fault of the service's own.",
    };
    let answer = ResponseBuilder::new()
        .description(words)
        .content(MEDIA_TYPE, content)
        .build();
    let answers = &mut operation.responses.responses;
    answers.entry(status.to_owned()).or_insert(RefOr::T(answer));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    #[test]
    fn no_name_stands_for_two_shapes_and_none_for_nothing() {
        let mut shapes: BTreeMap<String, Value> = BTreeMap::new();
        for offer in offers() {
            for (name, shape) in offer.schemas {
                let shape = serde_json::to_value(shape).unwrap();
                let known = shapes.entry(name.clone()).or_insert_with(|| shape.clone());
                assert_eq!(*known, shape, "{name}");
            }
        }
        let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
        let known = &document["components"]["schemas"];
        let text = document.to_string();
        for named in text.split("#/components/schemas/").skip(1) {
            let name = named.split('"').next().unwrap();
            assert!(known[name].is_object(), "{name}");
        }
    }

    #[test]
    fn what_is_sent_holds_nothing_that_is_not_described() {
        let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
        let mut bodies = 0;
        for path in document["paths"].as_object().unwrap().values() {
            for operation in path.as_object().unwrap().values() {
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                let Some(named) = body["$ref"].as_str() else {
                    continue;
                };
                let name = named.rsplit('/').next().unwrap();
                let shape = &document["components"]["schemas"][name];
                assert_eq!(shape["additionalProperties"], json!(false), "{name}");
                bodies += 1;
            }
        }
        assert!(bodies >= 12, "{bodies}");
    }
}
