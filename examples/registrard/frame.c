/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <string.h>
#include <strings.h>

/* @return the value after the colon when a line is a Content-Length, in its long or short form. Sofia looks for the colon on the next line,
 * too; here the line then counts as one without a value, and the colon as no number. */
static const char *length_value(const char *line, const char *end)
{
	static const char *const names[] = { "Content-Length", "l" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t n = strlen(names[i]);
		const char *p = line + n;

		if ((size_t)(end - line) < n || (*line | 0x20) != (*names[i] | 0x20) || strncasecmp(line, names[i], n) != 0)
			continue;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p == end || *p == ':')
			return p == end ? end : p + 1;
	}
	return NULL;
}

/* Reads digits between white space. @return 0 when a value has anything else. An empty one counts as no number yet. */
static int read_length(struct frame_scan *scan, const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end)
		return 1;
	if (scan->in_length == 2)
		return 0;
	scan->in_length = 2;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		scan->length = scan->length > MESSAGE_BYTES_MAX ? scan->length : scan->length * 10 + (size_t)(*p - '0');
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p == end;
}

/* RFC 3261 §7.1, §7.2: a request line ends with the version, a status line starts with it. */
static int is_start_line(const char *line, const char *end)
{
	const char *last = memrchr(line, ' ', (size_t)(end - line));

	if (end - line > 4 && strncasecmp(line, "SIP/", 4) == 0)
		return 1;
	return last && end - last > 5 && strncasecmp(last + 1, "SIP/", 4) == 0;
}

/* Counts an octet in a line. @return 0 when there are more than @p most. */
static int count_octet(const char *line, const char *end, char octet, size_t most, size_t *n)
{
	for (const char *p = line; p < end && (p = memchr(p, octet, (size_t)(end - p))) != NULL; p++)
		if (++*n > most)
			return 0;
	return 1;
}

/* @return the status to refuse with, 1 for no SIP, or 0. */
static int read_line(struct frame_scan *scan, const char *line, const char *end)
{
	const char *value;

	if (scan->lines == 0 && !is_start_line(line, end))
		return 1;
	/* Sofia takes a lone CR for the end of a line. */
	if (memchr(line, '\r', (size_t)(end - line)))
		return 400;
	if (++scan->lines > LINES_MAX + 1 || !count_octet(line, end, ',', COMMAS_MAX, &scan->commas) ||
		!count_octet(line, end, ';', SEMICOLONS_MAX, &scan->semicolons))
		return 413;
	if (scan->lines == 1)
		return 0;
	if (*line == ' ' || *line == '\t')
		return !scan->in_length || read_length(scan, line, end) ? 0 : 400;
	if (scan->in_length == 1)
		return 400;
	value = length_value(line, end);
	scan->in_length = value != NULL;
	scan->lengths += value != NULL;
	return !value || read_length(scan, value, end) ? 0 : 400;
}

static struct frame bad(const struct frame_scan *scan, int status)
{
	return (struct frame){ FRAME_BAD, scan->line, status == 1 ? 0 : status };
}

/* Reads on to the end of the header section. FRAME_MESSAGE: it is complete. */
static struct frame read_head(const char *bytes, size_t n, struct frame_scan *scan)
{
	while (!scan->head) {
		const char *from = bytes + scan->line + scan->seen;
		const char *lf = memchr(from, '\n', n - scan->line - scan->seen);
		const char *line = bytes + scan->line, *end = lf;
		int status;

		if (!lf) {
			scan->seen = n - scan->line;
			return n >= MESSAGE_BYTES_MAX ? bad(scan, scan->lines ? 413 : 1) : (struct frame){ FRAME_MORE, 0, 0 };
		}
		if (end > line && end[-1] == '\r')
			end--;
		status = end == line ? scan->in_length == 1 ? 400 : 0 : read_line(scan, line, end);
		if (status)
			return bad(scan, status);
		scan->line = (size_t)(lf + 1 - bytes);
		scan->seen = 0;
		if (end == line)
			scan->head = scan->line;
	}
	return (struct frame){ FRAME_MESSAGE, scan->head, 0 };
}

static struct frame read_message(const char *bytes, size_t n, struct frame_scan *scan, int is_stream)
{
	struct frame frame = read_head(bytes, n, scan);

	if (frame.kind != FRAME_MESSAGE)
		return frame;
	if (scan->lengths > 1 || (is_stream && scan->lengths == 0))
		return bad(scan, 400);
	if (scan->head + scan->length > MESSAGE_BYTES_MAX)
		return bad(scan, 413);
	frame.n = scan->lengths ? scan->head + scan->length : n;
	if (frame.n > n)
		return is_stream ? (struct frame){ FRAME_MORE, 0, 0 } : bad(scan, 400);
	return frame;
}

struct frame frame_next(const char *bytes, size_t n, struct frame_scan *scan)
{
	struct frame frame = { FRAME_MORE, 0, 0 };

	if (n == 0)
		return frame;
	if (*bytes == '\n')
		frame = (struct frame){ FRAME_LINE_END, 1, 0 };
	else if (*bytes == '\r' && n > 1 && bytes[1] == '\n')
		frame = (struct frame){ FRAME_LINE_END, 2, 0 };
	else if (*bytes != '\r' || n > 1)
		frame = read_message(bytes, n, scan, 1);
	if (frame.kind != FRAME_MORE)
		*scan = (struct frame_scan){ 0 };
	return frame;
}

struct frame frame_datagram(char **bytes, size_t n)
{
	struct frame_scan scan = { 0 };
	struct frame frame;
	char *p = *bytes, *end = p + n;

	while (p < end && (*p == '\r' || *p == '\n'))
		p++;
	*bytes = p;
	n = (size_t)(end - p);
	frame = read_message(p, n, &scan, 0);
	/* The header section has no empty line. */
	if (frame.kind == FRAME_MORE && n > 0)
		frame = bad(&scan, scan.lines ? 400 : 1);
	if (frame.kind == FRAME_MESSAGE && frame.n > MESSAGE_BYTES_MAX)
		frame = bad(&scan, 413);
	return frame;
}
