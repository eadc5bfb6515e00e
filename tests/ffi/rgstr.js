// SPDX-License-Identifier: MIT
// Reads the installed declarations for koffi, which takes one at a time: each typedef, enumerator, struct member and function of the file
// has a line of its own.
const koffi = require('koffi');
const fs = require('fs');

// Without `const`, which koffi ignores, and without `struct`, which it does not know. The octets of a slice have no NUL at their end, as
// koffi expects of a `char *`; where the library writes text, the caller gives it a Buffer.
function typeOf(text, owner) {
	const type = text.replace(/^const |struct /g, '');
	return type === 'char *' && (owner === 'rg_str' || !text.startsWith('const')) ? 'uint8_t *' : type;
}

// A member or parameter as name and type, as `const rg_str *text`.
function named(text, owner) {
	const [, type, name, size] = text.match(/^(.*?)(\w+)(?:\[(\d+)\])?$/);
	return [name, size ? koffi.array(type.trim(), Number(size)) : typeOf(type.trim(), owner)];
}

function listed(parameters) {
	return parameters === 'void' ? [] : parameters.split(', ');
}

// A callback: the name of its type is that of a pointer to the function.
let anonymous = 0;
function callback(result, name, parameters) {
	return koffi.pointer(name, koffi.proto(`${name}_${anonymous++}`, typeOf(result.trim()), listed(parameters).map((p) => named(p)[1])));
}

function member(text, owner) {
	const [, result, name, parameters] = text.match(/^(.*)\(\*(\w+)\)\((.*)\)$/) || [];
	return name ? [name, callback(result, `${owner}_${name}`, parameters)] : named(text, owner);
}

// The library writes to `T **`, an object for the caller, and to `T *` of a struct or a number. It reads `const T *`, and knows what an
// opaque `T *` points to.
function parameter(text, opaque) {
	const type = named(text)[1];
	const written = type.endsWith('**') || (type.endsWith('*') && !text.startsWith('const') && type !== 'void *' && !opaque.has(type));
	return written ? koffi.inout(type) : type;
}

// Returns what the libraries have: an object with their functions and the enumerators of the file.
exports.open = function open(declarations, ...libraries) {
	const rg = {}, opaque = new Set(['uint8_t *']), loaded = libraries.map((path) => koffi.load(path));
	let struct = null;

	for (const line of fs.readFileSync(declarations, 'utf8').split('\n')) {
		let m;
		if (struct && (m = line.match(/^\t(.*);$/))) {
			struct.members.push(member(m[1], struct.name));
		} else if ((m = line.match(/^typedef struct (\w+) \{$/))) {
			struct = { name: m[1], members: [] };
		} else if (struct && line.startsWith('}')) {
			koffi.struct(struct.name, Object.fromEntries(struct.members));
			struct = null;
		} else if ((m = line.match(/^(?:typedef )?struct (\w+)(?: \w+)?;$/))) {
			koffi.opaque(m[1]);
			opaque.add(m[1] + ' *');
		} else if ((m = line.match(/^typedef (.*)\(\*(\w+)\)\((.*)\);$/))) {
			callback(m[1], m[2], m[3]);
		} else if ((m = line.match(/^typedef (\w+) (\w+);$/))) {
			koffi.alias(m[2], m[1]);
		} else if ((m = line.match(/^\t(\w+) = (-?\d+),$/))) {
			rg[m[1]] = Number(m[2]);
		} else if ((m = line.match(/^(.*?)(\w+)\((.*)\);$/))) {
			const library = loaded.find((l) => has(l, m[2]));
			if (library)
				rg[m[2]] = library.func(m[2], typeOf(m[1].trim()), listed(m[3]).map((p) => parameter(p, opaque)));
		}
	}
	return rg;
};

// The file declares libraries that the program does not load, too.
function has(library, name) {
	try {
		library.func(name, 'void', []);
		return true;
	} catch {
		return false;
	}
}
