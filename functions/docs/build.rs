//! Makes what this function serves: the OpenAPI document and the reference page, each as it is and compressed, with
//! the hashes their headers carry. The result is in `OUT_DIR` and in the environment of the compiler.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let script = script()?;
    let hash = BASE64_STANDARD.encode(Sha256::digest(&script));
    println!("cargo::rustc-env=REFERENCE_SCRIPT_SHA256={hash}");
    publish("REFERENCE", page(&script)?.as_bytes())?;
    publish("OPENAPI", read("../../openapi.json")?.as_bytes())?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// Writes a document and its compressed form, and passes the entity tag of each to the compiler.
fn publish(name: &str, plain: &[u8]) -> Outcome {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    let gzip = encoder.finish()?;
    for (name, bytes) in [(name.to_owned(), plain), (format!("{name}_GZIP"), gzip.as_slice())] {
        fs::write(Path::new(&env::var("OUT_DIR")?).join(&name), bytes)?;
        let etag = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
        println!("cargo::rustc-env={name}_ETAG=\"{etag}\"");
    }
    Ok(())
}

/// The page with its style and its script in it.
fn page(script: &str) -> Outcome<String> {
    let style = without_source_map(&asset("swagger-ui.css")?) + &read("page/page.css")?;
    if style.to_lowercase().contains("</style") {
        return Err("the style would end early".into());
    }
    Ok(read("page/index.html")?.replace("{{style}}", &style).replace("{{script}}", script))
}

/// Swagger UI and the call that starts it, safe to be placed between script tags.
fn script() -> Outcome<String> {
    let script = without_source_map(&asset("swagger-ui-bundle.js")?) + &read("page/page.js")?;
    let script = ["!--", "script", "/script"]
        .iter()
        .fold(script, |script, tail| script.replace(&format!("<{tail}"), &format!("\\x3c{tail}")));
    let lower = script.to_lowercase();
    if ["<!--", "<script", "</script"].iter().any(|tag| lower.contains(tag)) {
        return Err("the script would not be read as one".into());
    }
    Ok(script)
}

/// Leaves out the comment by which developer tools look for a file that is not served.
fn without_source_map(text: &str) -> String {
    text.lines().filter(|line| !line.contains("# sourceMappingURL=")).flat_map(|line| [line, "\n"]).collect()
}

/// A file of Swagger UI.
fn asset(name: &str) -> Outcome<String> {
    let file = utoipa_swagger_ui::serve(name, Arc::default())?.ok_or_else(|| format!("Swagger UI has no {name}"))?;
    Ok(String::from_utf8(file.bytes.into_owned())?)
}

/// Reads a file of this repository; a change of it triggers a rebuild.
fn read(path: &str) -> Outcome<String> {
    println!("cargo::rerun-if-changed={path}");
    fs::read_to_string(path).map_err(|error| format!("{path}: {error}").into())
}
