-- Appends to @p reply those of @p members whose record is there, and removes the others from @p set.
local function append_present(reply, set, members, records)
	local keys = {}
	for i, member in ipairs(members) do
		keys[i] = records .. member
	end
	local all = #keys == 0 or redis.call('EXISTS', unpack(keys)) == #keys
	for i, member in ipairs(members) do
		if all or redis.call('EXISTS', keys[i]) == 1 then
			reply[#reply + 1] = member
		else
			redis.call('ZREM', set, member)
		end
	end
	return reply
end
