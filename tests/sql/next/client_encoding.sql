-- client_encoding: text in another encoding than UTF8
SET client_encoding = 'LATIN1';
SHOW client_encoding;
SELECT length('é');
SET client_encoding = 'WIN1252';
SHOW client_encoding;
RESET client_encoding;
