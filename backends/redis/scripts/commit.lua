-- Replaces, inserts or deletes a record when the base is the current revision.
-- KEYS: the record, the deadlines of its bucket.
-- ARGV: member, channel, beginning of the keys of its tags, base, revision; and for a record: deadline, life in milliseconds or '' for no
-- end, tags with their length in front, MessagePack.
-- Returns 1 when the change is made; 2 when it was made before; else what is there: the current value, or nil.
local record, deadlines = KEYS[1], KEYS[2]
local member, base, revision, tags = ARGV[1], ARGV[4], ARGV[5], ARGV[8]
local sub, byte = string.sub, string.byte
local value = redis.call('GET', record)
local kind, history, old_tags = 't', '', ''
local expected = string.rep('\0', 16)
local now = tonumber(redis.call('TIME')[1])

if value then
	local earlier = byte(value, 21)
	kind = sub(value, 4, 4)
	if sub(value, 1, 3) ~= 'rg1' or not earlier or earlier > 7 or (kind ~= 'r' and kind ~= 't') then
		return value
	end
	local at = 22 + 16 * earlier
	local current = sub(value, 5, 20)
	history = current .. sub(value, 22, at - 1)
	local made = now
	if kind == 'r' then
		local high, low = byte(value, at + 4, at + 5)
		if not low then
			return value
		end
		made = struct.unpack('>I4', value, at)
		old_tags = sub(value, at + 4, at + 5 + high * 256 + low)
	end
	if current ~= base then
		for i = 1, #history, 16 do
			if sub(history, i, i + 15) == revision then
				return 2
			end
		end
	end
	-- No commit is sent again after five minutes, so older revisions need no room.
	if now - made > 300 then
		history = ''
	end
	-- After a deletion, two bases are right: zero, and the revision of the deletion.
	if kind == 'r' or base ~= expected then
		expected = current
	end
end
if base ~= expected then
	return value
end

local function each_tag(blob, visit)
	local at = 3
	while at + 1 <= #blob do
		local high, low = byte(blob, at, at + 1)
		local last = at + 1 + high * 256 + low
		visit(sub(blob, at + 2, last))
		at = last + 1
	end
end

local function change_tags(from, to)
	local keep = {}
	each_tag(to, function(tag) keep[tag] = 1 end)
	each_tag(from, function(tag)
		if not keep[tag] then
			redis.call('ZREM', ARGV[3] .. tag, member)
		end
		keep[tag] = nil
	end)
	for tag in pairs(keep) do
		redis.call('ZADD', ARGV[3] .. tag, 0, member)
	end
end

-- Seven earlier revisions are kept. The record is written last: when a key has a wrong type, or an ACL forbids something, the script ends
-- before, and the record is as it was. Nobody sees the message before the script has ended.
history = sub(history, 1, 112)
local head = revision .. string.char(#history / 16) .. history

if not tags then
	-- The first write is one that is not refused when memory is short. Those after it are not either.
	redis.call('ZREM', deadlines, member)
	if kind == 'r' then
		change_tags(old_tags, '')
	end
	redis.call('PUBLISH', ARGV[2], '')
	redis.call('SET', record, 'rg1t' .. head, 'PX', 60000)
	return 1
end

local next_value = 'rg1r' .. head .. struct.pack('>I4', now) .. tags .. ARGV[9]
local first = redis.pcall('ZADD', deadlines, ARGV[6], member)
if type(first) == 'table' and first.err then
	-- A record that does not grow is kept when memory is short. Redis refuses the first write of a script then, but not ZREM, nor what follows
	-- a write: so a ZREM that removes nothing comes first.
	if not (kind == 'r' and #next_value <= #value and string.find(first.err, 'OOM', 1, true)) then
		return first
	end
	redis.call('ZREM', deadlines, '')
	redis.call('ZADD', deadlines, ARGV[6], member)
end
if old_tags ~= tags then
	change_tags(old_tags, tags)
end
redis.call('PUBLISH', ARGV[2], '')
if ARGV[7] ~= '' then
	redis.call('SET', record, next_value, 'PX', ARGV[7])
else
	redis.call('SET', record, next_value)
end
return 1
