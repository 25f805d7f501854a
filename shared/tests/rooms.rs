//! The order of the rooms of this crate, and who uses them.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, File, Item, UseTree, Visibility, visit::Visit};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of Rust under a folder, without its tests, by its path from there.
fn files(folder: &Path) -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|it| it == "rs") {
                let mut file = syn::parse_file(&fs::read_to_string(&entry).unwrap()).unwrap();
                file.items.retain(|item| !is_test(item));
                files.insert(entry.strip_prefix(folder).unwrap().to_str().unwrap().to_owned(), file);
            }
        }
    }
    files
}

fn is_test(item: &Item) -> bool {
    let is_cfg_test = |it: &Attribute| it.to_token_stream().to_string().replace(' ', "") == "#[cfg(test)]";
    matches!(item, Item::Mod(module) if module.attrs.iter().any(is_cfg_test))
}

/// The rooms in order, and the room of each name that the crate exports again at its top.
fn rooms(lib: &File) -> (Vec<String>, BTreeMap<String, String>) {
    let (mut rooms, mut exports) = (Vec::new(), BTreeMap::new());
    for item in &lib.items {
        match item {
            Item::Mod(module) => rooms.push(module.ident.to_string()),
            Item::Use(it) => {
                let mut paths = Vec::new();
                leaves(&it.tree, &mut Vec::new(), &mut paths);
                for path in paths {
                    exports.insert(path.last().unwrap().clone(), path.first().unwrap().clone());
                }
            }
            _ => {}
        }
    }
    (rooms, exports)
}

/// The paths of a `use`.
fn leaves(tree: &UseTree, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match tree {
        UseTree::Path(it) => {
            path.push(it.ident.to_string());
            leaves(&it.tree, path, found);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|it| leaves(it, path, found)),
        UseTree::Name(it) => found.push([path.as_slice(), &[it.ident.to_string()]].concat()),
        UseTree::Rename(it) => found.push([path.as_slice(), &[it.ident.to_string()]].concat()),
        UseTree::Glob(_) => found.push(path.clone()),
    }
}

/// Every path of a file.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl Visit<'_> for Paths {
    fn visit_item_use(&mut self, it: &syn::ItemUse) {
        let mut paths = Vec::new();
        leaves(&it.tree, &mut Vec::new(), &mut paths);
        self.0.extend(paths);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.0.push(names);
        syn::visit::visit_path(self, path);
    }
}

/// A path as it would be from the top of the crate, for one that begins with `crate`, the crate's name, or enough `super`.
fn from_the_top(file: &str, path: Vec<String>) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|it| *it == "super").count();
    // `api/list/mod.rs` is the module `api::list`, as `api/list.rs` would be.
    let depth = file.trim_end_matches("/mod.rs").split('/').count();
    match path.first().map(String::as_str) {
        Some("crate" | "shared") => Some(path.into_iter().skip(1).collect()),
        Some("super") if supers >= depth => Some(path.into_iter().skip(supers).collect()),
        _ => None,
    }
}

#[test]
fn every_import_points_to_a_room_above_in_the_list() {
    let files = files(&root().join("shared/src"));
    let (rooms, exports) = rooms(&files["lib.rs"]);
    let place = |room: &str| rooms.iter().position(|it| it == room);
    assert!(rooms.len() > 10, "{rooms:?}");
    let mut upward = Vec::new();
    for (name, file) in files.iter().filter(|(name, _)| *name != "lib.rs") {
        let own = name.split(['/', '.']).next().unwrap();
        let mut paths = Paths::default();
        paths.visit_file(file);
        for path in paths.0 {
            let Some(path) = from_the_top(name, path) else { continue };
            // `pub(crate)` is a path too.
            let Some(first) = path.first() else { continue };
            let room = exports.get(first).unwrap_or(first);
            // Macros are exported at the top, whichever room defines them.
            if let Some(place_of_import) = place(room)
                && Some(place_of_import) > place(own)
            {
                upward.push(format!("{name} imports crate::{}", path.join("::")));
            }
        }
    }
    assert!(upward.is_empty(), "imports against the order of lib.rs:\n{}", upward.join("\n"));
}

fn identifiers(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                found.insert(ident.to_string());
            }
            TokenTree::Group(group) => identifiers(group.stream(), found),
            _ => {}
        }
    }
}

/// The names of the items that a file defines for others; those that a macro makes are in the macro's input.
fn defined(file: &File) -> BTreeSet<String> {
    file.items
        .iter()
        .flat_map(|item| match item {
            Item::Struct(it) => vec![it.ident.to_string()],
            Item::Enum(it) => vec![it.ident.to_string()],
            Item::Trait(it) => vec![it.ident.to_string()],
            Item::Type(it) => vec![it.ident.to_string()],
            Item::Const(it) => vec![it.ident.to_string()],
            Item::Fn(it) if !matches!(it.vis, Visibility::Inherited) => vec![it.sig.ident.to_string()],
            // Methods of a type come with its name.
            Item::Impl(it) if it.trait_.is_none() => {
                let mut all = BTreeSet::new();
                identifiers(it.self_ty.to_token_stream(), &mut all);
                all.into_iter().take(1).collect()
            }
            Item::Macro(it) if it.ident.is_none() => {
                // `choice!`, `ids!`, `texts!`: names in camel case.
                let mut all = BTreeSet::new();
                identifiers(it.mac.tokens.clone(), &mut all);
                all.into_iter().filter(|name| name.starts_with(char::is_uppercase)).collect()
            }
            Item::Macro(it) => it.ident.iter().map(ToString::to_string).collect(),
            _ => vec![],
        })
        .collect()
}

fn used(file: &File) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // What a file exports again, it does not use.
    let is_export = |item: &&Item| matches!(item, Item::Use(it) if !matches!(it.vis, Visibility::Inherited));
    let items = file.items.iter().filter(|item| !is_export(item));
    items.for_each(|item| identifiers(item.to_token_stream(), &mut found));
    found
}

#[test]
fn every_file_serves_two_functions_or_more() {
    let shared = files(&root().join("shared/src"));
    let names: BTreeMap<&String, (BTreeSet<String>, BTreeSet<String>)> =
        shared.iter().map(|(name, file)| (name, (defined(file), used(file)))).collect();
    // Who uses each file: functions and the local platform, directly or through other files.
    let mut users: BTreeMap<&String, BTreeSet<String>> = names.keys().map(|name| (*name, BTreeSet::new())).collect();
    let functions = fs::read_dir(root().join("functions")).unwrap().map(|entry| entry.unwrap().path());
    for folder in functions.chain([root()]) {
        let user = folder.file_name().map_or_else(|| "platform".to_owned(), |it| it.to_str().unwrap().to_owned());
        let used: BTreeSet<String> = files(&folder.join("src")).values().flat_map(used).collect();
        for (name, (defined, _)) in &names {
            if !defined.is_disjoint(&used) {
                users.get_mut(name).unwrap().insert(user.clone());
            }
        }
    }
    loop {
        let mut has_grown = false;
        for (name, (defined, _)) in &names {
            let through = names.iter().filter(|(other, (_, used))| *other != name && !defined.is_disjoint(used));
            let through: BTreeSet<String> = through.flat_map(|(other, _)| users[*other].clone()).collect();
            let own = users.get_mut(name).unwrap();
            let before = own.len();
            own.extend(through);
            has_grown |= own.len() > before;
        }
        if !has_grown {
            break;
        }
    }
    let lonely: Vec<String> = users
        .iter()
        .filter(|(name, users)| users.len() < 2 && !names[**name].0.is_empty())
        .map(|(name, users)| format!("{name} serves {users:?} alone"))
        .collect();
    assert!(lonely.is_empty(), "move these to their function:\n{}", lonely.join("\n"));
}
