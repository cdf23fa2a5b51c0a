-- What wrk sends for bench/listener.py: different callbacks, each on the next of many tokens.
-- Arguments: a file with one token a line, and the number of the first callback.

local tokens = {}
local number = 0

local body_of = [[{"Body":{"stkCallback":{"MerchantRequestID":"6f2a-4d1b-%d",]]
  .. [["CheckoutRequestID":"ws_CO_24112026103001482708374149","ResultCode":0,]]
  .. [["ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":[]]
  .. [[{"Name":"Amount","Value":150.0},{"Name":"MpesaReceiptNumber","Value":"UKO%08d"},{"Name":"Balance"},]]
  .. [[{"Name":"TransactionDate","Value":20261124103018},{"Name":"PhoneNumber","Value":254708374149}]}}}}]]

function init(arguments)
  for line in io.lines(arguments[1]) do tokens[#tokens + 1] = line end
  number = tonumber(arguments[2])
end

function request()
  local body = body_of:format(number, number)
  local token = tokens[number % #tokens + 1]
  number = number + 1
  return "POST /hooks/stk/" .. token .. " HTTP/1.1\r\nHost: pay.example\r\nContent-Type: application/json\r\n"
    .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
  local wrong = 0
  for _, count in pairs(summary.errors) do wrong = wrong + count end
  io.write(string.format("\n%d %d %d %d %d", summary.requests, wrong, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
