-- A page of the records of one bucket that carry a tag, in the order of their members.
-- KEYS: the set of the tag. ARGV: where to begin, as ZRANGEBYLEX takes it; the limit; the beginning of the keys of records.
-- Returns the last member looked at, '' when there are no more, and then the members.
--include present.lua
local limit = tonumber(ARGV[2])
local members = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, limit + 1)
local last = ''
if #members > limit then
	members[#members] = nil
	last = members[limit]
end
return append_present({ last }, KEYS[1], members, ARGV[3])
