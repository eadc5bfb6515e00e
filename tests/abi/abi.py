# SPDX-License-Identifier: MIT
"""Dumps the ABI of a shared library as text that depends on the ABI alone: neither on paths, nor on the file, the order and the optimization
that the compiler met a type in. Needs abidw and abidiff (libabigail), and a library with debug information."""
import pathlib
import subprocess
import tempfile
import xml.etree.ElementTree as tree

# abidw takes a struct for public when its file has the name of a public header, and lib/ has headers of such names. It reads this label as
# that of --drop-private-types.
PRIVATE = """[suppress_type]
  label = Artificial private types suppression specification
  source_location_not_regexp = include/rgstr/
  drop = yes
"""
OPTIONS = ['--exported-interfaces-only', '--drop-undefined-syms', '--no-show-locs', '--no-corpus-path', '--no-comp-dir-path', '--no-elf-needed',
           '--no-architecture', '--no-write-default-sizes', '--no-parameter-names', '--type-id-style', 'hash']
KINDS = {'class-decl': 'struct ', 'union-decl': 'union ', 'enum-decl': 'enum '}


def spelled(element, by_id):
    """The type as C would write it, more or less: the same for the same type in every dump."""
    def of(key):
        return spelled(by_id[key], by_id) if key in by_id else key

    tag, target = element.tag, element.get('type-id', '')
    if tag == 'pointer-type-def':
        return of(target) + '*'
    if tag == 'qualified-type-def':
        return ' '.join([word for word in ('const', 'volatile', 'restrict') if element.get(word)] + [of(target)])
    if tag == 'array-type-def':
        return of(target) + ''.join(f'[{part.get("length")}]' for part in element.findall('subrange'))
    if tag == 'function-type':
        return f'{of(element.find("return").get("type-id"))}({", ".join(of(part.get("type-id")) for part in element.findall("parameter"))})'
    if tag == 'subrange':
        return f'{element.get("length")} {of(target)}'
    return KINDS.get(tag, '') + (element.get('name') or element.get('id'))


def canonical(text):
    """One list of declarations in the order of their names, with names for type ids."""
    root = tree.fromstring(text)
    by_id = {element.get('id'): element for element in root.iter() if element.get('id')}
    names = {key: spelled(element, by_id) for key, element in by_id.items()}
    declarations = {}
    for part in root.findall('abi-instr'):
        root.remove(part)
        for element in part:
            for each in element.iter():
                for key in ('id', 'type-id', 'naming-typedef-id'):
                    if key in each.attrib:
                        each.set(key, names.get(each.get(key), each.get(key)))
                each.attrib.pop('mangled-name', None)
                each.tail = each.text = None
            declarations.setdefault((element.tag, element.get('name') or element.get('id') or '', tree.tostring(element)), element)
    merged = tree.SubElement(root, 'abi-instr', {'address-size': '64', 'language': 'LANG_C11'})
    merged.extend(element for _, element in sorted(declarations.items(), key=lambda pair: pair[0]))
    tree.indent(root)
    return tree.tostring(root, encoding='unicode') + '\n'


def dump(library):
    with tempfile.NamedTemporaryFile('w', suffix='.suppr') as private:
        private.write(PRIVATE)
        private.flush()
        done = subprocess.run(['abidw', '--suppressions', private.name, *OPTIONS, library], check=True, capture_output=True, text=True)
    return canonical(done.stdout)


def difference(before, after):
    """What differs between two dumps, in words; '' when nothing does. Additions and harmless changes count."""
    with tempfile.TemporaryDirectory() as name:
        old, new = pathlib.Path(name, 'kept'), pathlib.Path(name, 'built')
        old.write_text(before)
        new.write_text(after)
        done = subprocess.run(['abidiff', '--harmless', '--no-show-locs', old, new], capture_output=True, text=True)
    if done.returncode & 3:
        raise RuntimeError(f'abidiff: {done.stderr or done.stdout}')
    return done.stdout if done.returncode else ''
