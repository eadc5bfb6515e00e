-- A page of the records of one bucket that are due, in the order of their deadlines and members.
-- KEYS: the deadlines of the bucket. ARGV: now, the limit, the beginning of the keys of records; and to go on: the score and the member
-- after which to begin.
-- Returns the last member looked at; its score, '' when there are no more; the earliest deadline that is left, '' for none; and then the
-- members.
--include present.lua
local set, now, limit, score, after = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[4], ARGV[5]

-- Octet by octet: the order that Lua has depends on the locale.
local function is_after(a, b)
	for i = 1, math.min(#a, #b) do
		local x, y = string.byte(a, i), string.byte(b, i)
		if x ~= y then
			return x > y
		end
	end
	return #a > #b
end

-- The rank at which to go on. The member may have gone meanwhile, so it is searched for among those with its score.
local function rank_after()
	local low, high = redis.call('ZCOUNT', set, '-inf', '(' .. score), redis.call('ZCOUNT', set, '-inf', score)
	while low < high do
		local middle = math.floor((low + high) / 2)
		if is_after(redis.call('ZRANGE', set, middle, middle)[1], after) then
			high = middle
		else
			low = middle + 1
		end
	end
	return low
end

local found
if after then
	local rank = rank_after()
	found = redis.call('ZRANGE', set, rank, rank + limit, 'WITHSCORES')
	while #found > 0 and tonumber(found[#found]) > tonumber(now) do
		found[#found], found[#found - 1] = nil, nil
	end
else
	-- Mostly nothing is due.
	local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')[2]
	if not first or tonumber(first) > tonumber(now) then
		return { '', '', first or '' }
	end
	found = redis.call('ZRANGEBYSCORE', set, '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit + 1)
end

local members, reply = {}, { '', '', '' }
if #found > 2 * limit then
	reply = { found[2 * limit - 1], found[2 * limit], found[2 * limit + 2] }
	found[2 * limit + 1] = nil
elseif now ~= '+inf' then
	reply[3] = redis.call('ZRANGEBYSCORE', set, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2] or ''
end
for i = 1, #found - 1, 2 do
	members[#members + 1] = found[i]
end
return append_present(reply, set, members, ARGV[3])
