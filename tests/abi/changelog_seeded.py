#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes histories in which the kept ABI was renewed with and without a line under ABI in CHANGELOG.md; changelog.py must tell them apart."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CHECK = pathlib.Path(__file__).with_name('changelog.py')
SAID, UNSAID, SKIP = 0, 1, 77
FIRST = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- All.\n\n### ABI\n\n- First.\n'
ENV = {**{name: value for name, value in os.environ.items() if not name.startswith('GIT_')},
       'GIT_CONFIG_GLOBAL': os.devnull, 'GIT_CONFIG_SYSTEM': os.devnull,
       'GIT_AUTHOR_NAME': 'a', 'GIT_AUTHOR_EMAIL': 'a@example.org', 'GIT_COMMITTER_NAME': 'a', 'GIT_COMMITTER_EMAIL': 'a@example.org'}


class History:
    def __init__(self, root):
        self.root = root
        (root / 'tests' / 'abi').mkdir(parents=True)
        self.git('init', '-q', '-b', 'main')
        self.commit(kept='1', log=FIRST)

    def git(self, *args):
        subprocess.run(['git', '-C', self.root, *args], check=True, env=ENV, capture_output=True)

    def write(self, kept=None, log=None, other=None):
        for name, text in ('tests/abi/librgstr.abi', kept), ('CHANGELOG.md', log), ('other', other):
            if text is not None:
                (self.root / name).write_text(text)

    def commit(self, **files):
        self.write(**files)
        self.git('add', '.')
        self.git('commit', '-q', '-m', 'Change')

    def verdict(self, root=None):
        return subprocess.run([sys.executable, CHECK, root or self.root], env=ENV, capture_output=True).returncode


def first(history):
    return SAID


def with_line(history):
    history.commit(kept='2', log=FIRST + '- Second.\n')
    history.commit(other='later')
    return SAID


def without_line(history):
    history.commit(kept='2')
    return UNSAID


def without_line_and_later_commits(history):
    history.commit(kept='2')
    history.commit(other='later', log=FIRST + '- Too late.\n')
    return UNSAID


def line_under_another_heading(history):
    history.commit(kept='2', log=FIRST.replace('- All.\n', '- All.\n- More.\n'))
    return UNSAID


def line_removed(history):
    history.commit(kept='2', log=FIRST.replace('- First.\n', ''))
    return UNSAID


def a_release_between(history):
    history.commit(log=FIRST.replace('[Unreleased]', '[0.1.0]'))
    history.commit(kept='2', log=FIRST.replace('[Unreleased]', '[Unreleased]\n\n### ABI\n\n- Second.\n\n## [0.1.0]'))
    return SAID


def working_tree_without_line(history):
    history.write(kept='2')
    return UNSAID


def working_tree_with_line(history):
    history.write(kept='2', log=FIRST + '- Second.\n')
    return SAID


def new_file_without_line(history):
    (history.root / 'tests' / 'abi' / 'constants.txt').write_text('1')
    return UNSAID


def diverge(history, log_of_branch, log_of_merge):
    history.git('checkout', '-q', '-b', 'branch')
    history.commit(kept='2', log=log_of_branch)
    history.git('checkout', '-q', 'main')
    history.commit(kept='3', log=FIRST + '- Third.\n')
    subprocess.run(['git', '-C', history.root, 'merge', '-q', 'branch'], env=ENV, capture_output=True)
    history.commit(kept='4', log=log_of_merge)


def merge_that_keeps_both_lines(history):
    diverge(history, FIRST + '- Second.\n', FIRST + '- Second.\n- Third.\n')
    return SAID


def merge_without_a_line_more(history):
    diverge(history, FIRST, FIRST + '- Third.\n')
    return UNSAID


def shallow(history, depth):
    history.commit(kept='2')
    history.commit(other='later')
    subprocess.run(['git', 'clone', '-q', '--depth', depth, f'file://{history.root}', history.root / 'clone'],
                   check=True, env=ENV, capture_output=True)
    return history.root / 'clone'


def main():
    if not shutil.which('git'):
        print('there is no git')
        return SKIP
    cases = [first, with_line, without_line, without_line_and_later_commits, line_under_another_heading, line_removed, a_release_between,
             working_tree_without_line, working_tree_with_line, new_file_without_line, merge_that_keeps_both_lines, merge_without_a_line_more]
    bad = []

    def judge(name, want, found):
        if want != found:
            bad.append(f'{name}: {found}, not {want}')

    with tempfile.TemporaryDirectory() as name:
        for case in cases:
            history = History(pathlib.Path(name, case.__name__))
            judge(case.__name__, case(history), history.verdict())
        for depth, want in ('1', SKIP), ('2', SKIP), ('3', UNSAID):
            history = History(pathlib.Path(name, f'shallow{depth}'))
            judge(f'shallow {depth}', want, history.verdict(shallow(history, depth)))
        bare = pathlib.Path(name, 'tarball')
        bare.mkdir()
        judge('no history', SKIP, history.verdict(bare))
        judge('within another repository', SKIP, history.verdict(history.root / 'tests'))
    print('\n'.join(bad) or f'{len(cases) + 5} histories were told apart')
    return 1 if bad else 0


sys.exit(main())
