-- Asks Accredit whether the credential of a request allows what txn.permission names, at txn.scope if that is set, and
-- leaves the answer in the variables txn.accredit_*. The action takes Accredit's address and the organization in which is asked.

-- The headers of a request that say who it is; nothing else of it gets into the question.
local PASSED = { "authorization", "x-api-key" }

-- The headers of the answer that are kept, by the names of the variables.
local KEPT = {
  accredit_subject = "accredit-subject",
  accredit_account = "accredit-account",
  accredit_organization = "accredit-organization",
  accredit_token = "accredit-token",
  accredit_challenge = "www-authenticate",
  accredit_retry_after = "retry-after",
}

-- HAProxy counts the values of a header from 0, its HTTP client from 1.
local function values(headers, name)
  local found = {}
  local list = headers[name]
  if list == nil then return found end
  if list[0] ~= nil then found[#found + 1] = list[0] end
  for _, value in ipairs(list) do found[#found + 1] = value end
  return found
end

core.register_action("accredit", { "http-req" }, function(txn, address, organization)
  txn:set_var("txn.accredit_status", "none")
  local given = txn.http:req_get_headers()
  local headers = { ["x-forwarded-for"] = { txn.f:src() } }
  for _, name in ipairs(PASSED) do
    local list = values(given, name)
    if #list > 0 then headers[name] = list end
  end
  local permission = txn:get_var("txn.permission")
  local url = "http://" .. address .. "/v1/authorize?organization=" .. organization .. "&permission=" .. permission
  local scope = txn:get_var("txn.scope")
  if scope ~= nil then url = url .. "&scope=" .. scope end
  -- Four times this long, in milliseconds: the client tries three times more before it gives up.
  local asked, answer = pcall(function()
    return core.httpclient():get({ url = url, headers = headers, timeout = 1500 })
  end)
  if not asked or answer == nil or answer.headers == nil then return end
  for variable, name in pairs(KEPT) do
    local list = values(answer.headers, name)
    if #list > 0 then txn:set_var("txn." .. variable, table.concat(list, ", ")) end
  end
  txn:set_var("txn.accredit_status", tostring(answer.status))
end, 2)
