/*
 * stop_words.c - words that are too frequent to be searched for, by language.
 *
 * Written by tools/stop_words.py from the lists of PostgreSQL 15, never by hand.
 */
#include "tsearch/dict.h"

/* clang-format off */
static const char STOP_WORDS_DANISH[] =
    "ad\0af\0alle\0alt\0anden\0at\0blev\0blive\0bliver\0da\0de\0dem\0den\0denne\0der\0deres\0det\0dette\0"
    "dig\0din\0disse\0dog\0du\0efter\0eller\0en\0end\0er\0et\0for\0fra\0ham\0han\0hans\0har\0havde\0"
    "have\0hende\0hendes\0her\0hos\0hun\0hvad\0hvis\0hvor\0i\0ikke\0ind\0jeg\0jer\0jo\0kunne\0man\0"
    "mange\0med\0meget\0men\0mig\0min\0mine\0mit\0mod\0ned\0noget\0nogle\0nu\0når\0og\0også\0om\0op\0os\0"
    "over\0på\0selv\0sig\0sin\0sine\0sit\0skal\0skulle\0som\0sådan\0thi\0til\0ud\0under\0var\0vi\0vil\0"
    "ville\0vor\0være\0været\0";
static const uint16_t STOP_OFFSETS_DANISH[] = {
    0, 3, 6, 11, 15, 21, 24, 29, 35, 42, 45, 48, 52, 56, 62, 66, 72, 76, 82, 86, 90, 96, 100, 103,
    109, 115, 118, 122, 125, 128, 132, 136, 140, 144, 149, 153, 159, 164, 170, 177, 181, 185, 189,
    194, 199, 204, 206, 211, 215, 219, 223, 226, 232, 236, 242, 246, 252, 256, 260, 264, 269, 273,
    277, 281, 287, 293, 296, 301, 304, 310, 313, 316, 319, 324, 328, 333, 337, 341, 346, 350, 355,
    362, 366, 373, 377, 381, 384, 390, 394, 397, 401, 407, 411, 417,
};

static const char STOP_WORDS_DUTCH[] =
    "aan\0al\0alles\0als\0altijd\0andere\0ben\0bij\0daar\0dan\0dat\0de\0der\0deze\0die\0dit\0doch\0doen\0"
    "door\0dus\0een\0eens\0en\0er\0ge\0geen\0geweest\0haar\0had\0heb\0hebben\0heeft\0hem\0het\0hier\0"
    "hij\0hoe\0hun\0iemand\0iets\0ik\0in\0is\0ja\0je\0kan\0kon\0kunnen\0maar\0me\0meer\0men\0met\0mij\0"
    "mijn\0moet\0na\0naar\0niet\0niets\0nog\0nu\0of\0om\0omdat\0onder\0ons\0ook\0op\0over\0reeds\0te\0"
    "tegen\0toch\0toen\0tot\0u\0uit\0uw\0van\0veel\0voor\0want\0waren\0was\0wat\0werd\0wezen\0wie\0wil\0"
    "worden\0wordt\0zal\0ze\0zelf\0zich\0zij\0zijn\0zo\0zonder\0zou\0";
static const uint16_t STOP_OFFSETS_DUTCH[] = {
    0, 4, 7, 13, 17, 24, 31, 35, 39, 44, 48, 52, 55, 59, 64, 68, 72, 77, 82, 87, 91, 95, 100, 103,
    106, 109, 114, 122, 127, 131, 135, 142, 148, 152, 156, 161, 165, 169, 173, 180, 185, 188, 191,
    194, 197, 200, 204, 208, 215, 220, 223, 228, 232, 236, 240, 245, 250, 253, 258, 263, 269, 273,
    276, 279, 282, 288, 294, 298, 302, 305, 310, 316, 319, 325, 330, 335, 339, 341, 345, 348, 352,
    357, 362, 367, 373, 377, 381, 386, 392, 396, 400, 407, 413, 417, 420, 425, 430, 434, 439, 442,
    449,
};

static const char STOP_WORDS_ENGLISH[] =
    "a\0about\0above\0after\0again\0against\0all\0am\0an\0and\0any\0are\0as\0at\0be\0because\0been\0"
    "before\0being\0below\0between\0both\0but\0by\0can\0did\0do\0does\0doing\0don\0down\0during\0each\0"
    "few\0for\0from\0further\0had\0has\0have\0having\0he\0her\0here\0hers\0herself\0him\0himself\0his\0"
    "how\0i\0if\0in\0into\0is\0it\0its\0itself\0just\0me\0more\0most\0my\0myself\0no\0nor\0not\0now\0of\0"
    "off\0on\0once\0only\0or\0other\0our\0ours\0ourselves\0out\0over\0own\0s\0same\0she\0should\0so\0"
    "some\0such\0t\0than\0that\0the\0their\0theirs\0them\0themselves\0then\0there\0these\0they\0this\0"
    "those\0through\0to\0too\0under\0until\0up\0very\0was\0we\0were\0what\0when\0where\0which\0while\0"
    "who\0whom\0why\0will\0with\0you\0your\0yours\0yourself\0yourselves\0";
static const uint16_t STOP_OFFSETS_ENGLISH[] = {
    0, 2, 8, 14, 20, 26, 34, 38, 41, 44, 48, 52, 56, 59, 62, 65, 73, 78, 85, 91, 97, 105, 110, 114,
    117, 121, 125, 128, 133, 139, 143, 148, 155, 160, 164, 168, 173, 181, 185, 189, 194, 201, 204,
    208, 213, 218, 226, 230, 238, 242, 246, 248, 251, 254, 259, 262, 265, 269, 276, 281, 284, 289,
    294, 297, 304, 307, 311, 315, 319, 322, 326, 329, 334, 339, 342, 348, 352, 357, 367, 371, 376,
    380, 382, 387, 391, 398, 401, 406, 411, 413, 418, 423, 427, 433, 440, 445, 456, 461, 467, 473,
    478, 483, 489, 497, 500, 504, 510, 516, 519, 524, 528, 531, 536, 541, 546, 552, 558, 564, 568,
    573, 577, 582, 587, 591, 596, 602, 611,
};

static const char STOP_WORDS_FINNISH[] =
    "ei\0eivät\0emme\0en\0et\0ette\0että\0he\0heidän\0heidät\0heihin\0heille\0heillä\0heiltä\0heissä\0"
    "heistä\0heitä\0hän\0häneen\0hänelle\0hänellä\0häneltä\0hänen\0hänessä\0hänestä\0hänet\0häntä\0itse\0"
    "ja\0johon\0joiden\0joihin\0joiksi\0joilla\0joille\0joilta\0joina\0joissa\0joista\0joita\0joka\0"
    "joksi\0jolla\0jolle\0jolta\0jona\0jonka\0jos\0jossa\0josta\0jota\0jotka\0kanssa\0keiden\0keihin\0"
    "keiksi\0keille\0keillä\0keiltä\0keinä\0keissä\0keistä\0keitä\0keneen\0keneksi\0kenelle\0kenellä\0"
    "keneltä\0kenen\0kenenä\0kenessä\0kenestä\0kenet\0ketkä\0ketä\0koska\0kuin\0kuka\0kun\0me\0meidän\0"
    "meidät\0meihin\0meille\0meillä\0meiltä\0meissä\0meistä\0meitä\0mihin\0miksi\0mikä\0mille\0millä\0"
    "miltä\0minkä\0minua\0minulla\0minulle\0minulta\0minun\0minussa\0minusta\0minut\0minuun\0minä\0"
    "missä\0mistä\0mitkä\0mitä\0mukaan\0mutta\0ne\0niiden\0niihin\0niiksi\0niille\0niillä\0niiltä\0niin\0"
    "niinä\0niissä\0niistä\0niitä\0noiden\0noihin\0noiksi\0noilla\0noille\0noilta\0noin\0noina\0noissa\0"
    "noista\0noita\0nuo\0nyt\0näiden\0näihin\0näiksi\0näille\0näillä\0näiltä\0näinä\0näissä\0näistä\0"
    "näitä\0nämä\0ole\0olemme\0olen\0olet\0olette\0oli\0olimme\0olin\0olisi\0olisimme\0olisin\0olisit\0"
    "olisitte\0olisivat\0olit\0olitte\0olivat\0olla\0olleet\0ollut\0on\0ovat\0poikki\0se\0sekä\0sen\0"
    "siihen\0siinä\0siitä\0siksi\0sille\0sillä\0siltä\0sinua\0sinulla\0sinulle\0sinulta\0sinun\0sinussa\0"
    "sinusta\0sinut\0sinuun\0sinä\0sitä\0tai\0tallä\0te\0teidän\0teidät\0teihin\0teille\0teillä\0teiltä\0"
    "teissä\0teistä\0teitä\0tuo\0tuohon\0tuoksi\0tuolla\0tuolle\0tuolta\0tuon\0tuona\0tuossa\0tuosta\0"
    "tuotä\0tähän\0täksi\0tälle\0tältä\0tämä\0tämän\0tänä\0tässä\0tästä\0tätä\0vaan\0vai\0vaikka\0yli\0";
static const uint16_t STOP_OFFSETS_FINNISH[] = {
    0, 3, 10, 15, 18, 21, 26, 32, 35, 43, 51, 58, 65, 73, 81, 89, 97, 104, 109, 117, 126, 136, 146,
    153, 163, 173, 180, 188, 193, 196, 202, 209, 216, 223, 230, 237, 244, 250, 257, 264, 270, 275,
    281, 287, 293, 299, 304, 310, 314, 320, 326, 331, 337, 344, 351, 358, 365, 372, 380, 388, 395,
    403, 411, 418, 425, 433, 441, 450, 459, 465, 473, 482, 491, 497, 504, 510, 516, 521, 526, 530,
    533, 541, 549, 556, 563, 571, 579, 587, 595, 602, 608, 614, 620, 626, 633, 640, 647, 653, 661,
    669, 677, 683, 691, 699, 705, 712, 718, 725, 732, 739, 745, 752, 758, 761, 768, 775, 782, 789,
    797, 805, 810, 817, 825, 833, 840, 847, 854, 861, 868, 875, 882, 887, 893, 900, 907, 913, 917,
    921, 929, 937, 945, 953, 962, 971, 979, 988, 997, 1005, 1012, 1016, 1023, 1028, 1033, 1040,
    1044, 1051, 1056, 1062, 1071, 1078, 1085, 1094, 1103, 1108, 1115, 1122, 1127, 1134, 1140, 1143,
    1148, 1155, 1158, 1164, 1168, 1175, 1182, 1189, 1195, 1201, 1208, 1215, 1221, 1229, 1237, 1245,
    1251, 1259, 1267, 1273, 1280, 1286, 1292, 1296, 1303, 1306, 1314, 1322, 1329, 1336, 1344, 1352,
    1360, 1368, 1375, 1379, 1386, 1393, 1400, 1407, 1414, 1419, 1425, 1432, 1439, 1446, 1454, 1461,
    1468, 1476, 1483, 1491, 1498, 1506, 1514, 1521, 1526, 1530, 1537,
};

static const char STOP_WORDS_FRENCH[] =
    "ai\0aie\0aient\0aies\0ait\0as\0au\0aura\0aurai\0auraient\0aurais\0aurait\0auras\0aurez\0auriez\0"
    "aurions\0aurons\0auront\0aux\0avaient\0avais\0avait\0avec\0avez\0aviez\0avions\0avons\0ayant\0"
    "ayante\0ayantes\0ayants\0ayez\0ayons\0c\0ce\0ces\0d\0dans\0de\0des\0du\0elle\0en\0es\0est\0et\0eu\0"
    "eue\0eues\0eurent\0eus\0eusse\0eussent\0eusses\0eussiez\0eussions\0eut\0eux\0eûmes\0eût\0eûtes\0"
    "furent\0fus\0fusse\0fussent\0fusses\0fussiez\0fussions\0fut\0fûmes\0fût\0fûtes\0il\0j\0je\0l\0la\0"
    "le\0leur\0lui\0m\0ma\0mais\0me\0mes\0moi\0mon\0même\0n\0ne\0nos\0notre\0nous\0on\0ont\0ou\0par\0"
    "pas\0pour\0qu\0que\0qui\0s\0sa\0se\0sera\0serai\0seraient\0serais\0serait\0seras\0serez\0seriez\0"
    "serions\0serons\0seront\0ses\0soient\0sois\0soit\0sommes\0son\0sont\0soyez\0soyons\0suis\0sur\0t\0"
    "ta\0te\0tes\0toi\0ton\0tu\0un\0une\0vos\0votre\0vous\0y\0à\0étaient\0étais\0était\0étant\0étante\0"
    "étantes\0étants\0étiez\0étions\0été\0étée\0étées\0étés\0êtes\0";
static const uint16_t STOP_OFFSETS_FRENCH[] = {
    0, 3, 7, 13, 18, 22, 25, 28, 33, 39, 48, 55, 62, 68, 74, 81, 89, 96, 103, 107, 115, 121, 127,
    132, 137, 143, 150, 156, 162, 169, 177, 184, 189, 195, 197, 200, 204, 206, 211, 214, 218, 221,
    226, 229, 232, 236, 239, 242, 246, 251, 258, 262, 268, 276, 283, 291, 300, 304, 308, 315, 320,
    327, 334, 338, 344, 352, 359, 367, 376, 380, 387, 392, 399, 402, 404, 407, 409, 412, 415, 420,
    424, 426, 429, 434, 437, 441, 445, 449, 455, 457, 460, 464, 470, 475, 478, 482, 485, 489, 493,
    498, 501, 505, 509, 511, 514, 517, 522, 528, 537, 544, 551, 557, 563, 570, 578, 585, 592, 596,
    603, 608, 613, 620, 624, 629, 635, 642, 647, 651, 653, 656, 659, 663, 667, 671, 674, 677, 681,
    685, 691, 696, 698, 701, 710, 717, 724, 731, 739, 748, 756, 763, 771, 777, 784, 792, 799,
};

static const char STOP_WORDS_GERMAN[] =
    "aber\0alle\0allem\0allen\0aller\0alles\0als\0also\0am\0an\0ander\0andere\0anderem\0anderen\0"
    "anderer\0anderes\0anderm\0andern\0anderr\0anders\0auch\0auf\0aus\0bei\0bin\0bis\0bist\0da\0damit\0"
    "dann\0das\0dasselbe\0dazu\0daß\0dein\0deine\0deinem\0deinen\0deiner\0deines\0dem\0demselben\0den\0"
    "denn\0denselben\0der\0derer\0derselbe\0derselben\0des\0desselben\0dessen\0dich\0die\0dies\0diese\0"
    "dieselbe\0dieselben\0diesem\0diesen\0dieser\0dieses\0dir\0doch\0dort\0du\0durch\0ein\0eine\0einem\0"
    "einen\0einer\0eines\0einig\0einige\0einigem\0einigen\0einiger\0einiges\0einmal\0er\0es\0etwas\0"
    "euch\0euer\0eure\0eurem\0euren\0eurer\0eures\0für\0gegen\0gewesen\0hab\0habe\0haben\0hat\0hatte\0"
    "hatten\0hier\0hin\0hinter\0ich\0ihm\0ihn\0ihnen\0ihr\0ihre\0ihrem\0ihren\0ihrer\0ihres\0im\0in\0"
    "indem\0ins\0ist\0jede\0jedem\0jeden\0jeder\0jedes\0jene\0jenem\0jenen\0jener\0jenes\0jetzt\0kann\0"
    "kein\0keine\0keinem\0keinen\0keiner\0keines\0können\0könnte\0machen\0man\0manche\0manchem\0manchen\0"
    "mancher\0manches\0mein\0meine\0meinem\0meinen\0meiner\0meines\0mich\0mir\0mit\0muss\0musste\0nach\0"
    "nicht\0nichts\0noch\0nun\0nur\0ob\0oder\0ohne\0sehr\0sein\0seine\0seinem\0seinen\0seiner\0seines\0"
    "selbst\0sich\0sie\0sind\0so\0solche\0solchem\0solchen\0solcher\0solches\0soll\0sollte\0sondern\0"
    "sonst\0um\0und\0uns\0unse\0unsem\0unsen\0unser\0unses\0unter\0viel\0vom\0von\0vor\0war\0waren\0"
    "warst\0was\0weg\0weil\0weiter\0welche\0welchem\0welchen\0welcher\0welches\0wenn\0werde\0werden\0"
    "wie\0wieder\0will\0wir\0wird\0wirst\0wo\0wollen\0wollte\0während\0würde\0würden\0zu\0zum\0zur\0"
    "zwar\0zwischen\0über\0";
static const uint16_t STOP_OFFSETS_GERMAN[] = {
    0, 5, 10, 16, 22, 28, 34, 38, 43, 46, 49, 55, 62, 70, 78, 86, 94, 101, 108, 115, 122, 127, 131,
    135, 139, 143, 147, 152, 155, 161, 166, 170, 179, 184, 189, 194, 200, 207, 214, 221, 228, 232,
    242, 246, 251, 261, 265, 271, 280, 290, 294, 304, 311, 316, 320, 325, 331, 340, 350, 357, 364,
    371, 378, 382, 387, 392, 395, 401, 405, 410, 416, 422, 428, 434, 440, 447, 455, 463, 471, 479,
    486, 489, 492, 498, 503, 508, 513, 519, 525, 531, 537, 542, 548, 556, 560, 565, 571, 575, 581,
    588, 593, 597, 604, 608, 612, 616, 622, 626, 631, 637, 643, 649, 655, 658, 661, 667, 671, 675,
    680, 686, 692, 698, 704, 709, 715, 721, 727, 733, 739, 744, 749, 755, 762, 769, 776, 783, 791,
    799, 806, 810, 817, 825, 833, 841, 849, 854, 860, 867, 874, 881, 888, 893, 897, 901, 906, 913,
    918, 924, 931, 936, 940, 944, 947, 952, 957, 962, 967, 973, 980, 987, 994, 1001, 1008, 1013,
    1017, 1022, 1025, 1032, 1040, 1048, 1056, 1064, 1069, 1076, 1084, 1090, 1093, 1097, 1101, 1106,
    1112, 1118, 1124, 1130, 1136, 1141, 1145, 1149, 1153, 1157, 1163, 1169, 1173, 1177, 1182, 1189,
    1196, 1204, 1212, 1220, 1228, 1233, 1239, 1246, 1250, 1257, 1262, 1266, 1271, 1277, 1280, 1287,
    1294, 1303, 1310, 1318, 1321, 1325, 1329, 1334, 1343,
};

static const char STOP_WORDS_HUNGARIAN[] =
    "a\0abban\0ahhoz\0ahogy\0ahol\0aki\0akik\0akkor\0alatt\0amely\0amelyek\0amelyekben\0amelyeket\0"
    "amelyet\0amelynek\0ami\0amikor\0amit\0amolyan\0amíg\0annak\0arra\0arról\0az\0azok\0azon\0azonban\0"
    "azt\0aztán\0azután\0azzal\0azért\0be\0belül\0benne\0bár\0cikk\0cikkek\0cikkeket\0csak\0de\0e\0"
    "ebben\0eddig\0egy\0egyes\0egyetlen\0egyik\0egyre\0egyéb\0egész\0ehhez\0ekkor\0el\0ellen\0első\0"
    "elég\0elő\0először\0előtt\0emilyen\0ennek\0erre\0ez\0ezek\0ezen\0ezt\0ezzel\0ezért\0fel\0felé\0"
    "hanem\0hiszen\0hogy\0hogyan\0igen\0ill\0ill.\0illetve\0ilyen\0ilyenkor\0ismét\0ison\0itt\0jobban\0"
    "jó\0jól\0kell\0kellett\0keressünk\0keresztül\0ki\0kívül\0között\0közül\0legalább\0legyen\0lehet\0"
    "lehetett\0lenne\0lenni\0lesz\0lett\0maga\0magát\0majd\0meg\0mellett\0mely\0melyek\0mert\0mi\0mikor\0"
    "milyen\0minden\0mindenki\0mindent\0mindig\0mint\0mintha\0mit\0mivel\0miért\0most\0már\0más\0másik\0"
    "még\0míg\0nagy\0nagyobb\0nagyon\0ne\0nekem\0neki\0nem\0nincs\0néha\0néhány\0nélkül\0olyan\0ott\0"
    "pedig\0persze\0rá\0s\0saját\0sem\0semmi\0sok\0sokat\0sokkal\0szemben\0szerint\0szinte\0számára\0"
    "talán\0tehát\0teljes\0tovább\0továbbá\0több\0ugyanis\0utolsó\0után\0utána\0vagy\0vagyis\0vagyok\0"
    "valaki\0valami\0valamint\0való\0van\0vannak\0vele\0vissza\0viszont\0volna\0volt\0voltak\0voltam\0"
    "voltunk\0által\0általában\0át\0én\0éppen\0és\0így\0össze\0úgy\0új\0újabb\0újra\0ő\0ők\0őket\0";
static const uint16_t STOP_OFFSETS_HUNGARIAN[] = {
    0, 2, 8, 14, 20, 25, 29, 34, 40, 46, 52, 60, 71, 81, 89, 98, 102, 109, 114, 122, 128, 134, 139,
    146, 149, 154, 159, 167, 171, 178, 186, 192, 199, 202, 209, 215, 220, 225, 232, 241, 246, 249,
    251, 257, 263, 267, 273, 282, 288, 294, 301, 308, 314, 320, 323, 329, 335, 341, 346, 356, 363,
    371, 377, 382, 385, 390, 395, 399, 405, 412, 416, 422, 428, 435, 440, 447, 452, 456, 461, 469,
    475, 484, 491, 496, 500, 507, 511, 516, 521, 529, 540, 551, 554, 562, 571, 579, 589, 596, 602,
    611, 617, 623, 628, 633, 638, 645, 650, 654, 662, 667, 674, 679, 682, 688, 695, 702, 711, 719,
    726, 731, 738, 742, 748, 755, 760, 765, 770, 777, 782, 787, 792, 800, 807, 810, 816, 821, 825,
    831, 837, 846, 855, 861, 865, 871, 878, 882, 884, 891, 895, 901, 905, 911, 918, 926, 934, 941,
    951, 958, 965, 972, 980, 990, 996, 1004, 1012, 1018, 1025, 1030, 1037, 1044, 1051, 1058, 1067,
    1073, 1077, 1084, 1089, 1096, 1104, 1110, 1115, 1122, 1129, 1137, 1144, 1156, 1160, 1164, 1171,
    1175, 1180, 1187, 1192, 1196, 1203, 1209, 1212, 1216,
};

static const char STOP_WORDS_ITALIAN[] =
    "a\0abbia\0abbiamo\0abbiano\0abbiate\0ad\0agl\0agli\0ai\0al\0all\0alla\0alle\0allo\0anche\0avemmo\0"
    "avendo\0avesse\0avessero\0avessi\0avessimo\0aveste\0avesti\0avete\0aveva\0avevamo\0avevano\0"
    "avevate\0avevi\0avevo\0avrai\0avranno\0avrebbe\0avrebbero\0avrei\0avremmo\0avremo\0avreste\0"
    "avresti\0avrete\0avrà\0avrò\0avuta\0avute\0avuti\0avuto\0c\0che\0chi\0ci\0coi\0col\0come\0con\0"
    "contro\0cui\0da\0dagl\0dagli\0dai\0dal\0dall\0dalla\0dalle\0dallo\0degl\0degli\0dei\0del\0dell\0"
    "della\0delle\0dello\0di\0dov\0dove\0e\0ebbe\0ebbero\0ebbi\0ed\0era\0erano\0eravamo\0eravate\0eri\0"
    "ero\0essendo\0faccia\0facciamo\0facciano\0facciate\0faccio\0facemmo\0facendo\0facesse\0facessero\0"
    "facessi\0facessimo\0faceste\0facesti\0faceva\0facevamo\0facevano\0facevate\0facevi\0facevo\0fai\0"
    "fanno\0farai\0faranno\0farebbe\0farebbero\0farei\0faremmo\0faremo\0fareste\0faresti\0farete\0farà\0"
    "farò\0fece\0fecero\0feci\0fosse\0fossero\0fossi\0fossimo\0foste\0fosti\0fu\0fui\0fummo\0furono\0"
    "gli\0ha\0hai\0hanno\0ho\0i\0il\0in\0io\0l\0la\0le\0lei\0li\0lo\0loro\0lui\0ma\0mi\0mia\0mie\0miei\0"
    "mio\0ne\0negl\0negli\0nei\0nel\0nell\0nella\0nelle\0nello\0noi\0non\0nostra\0nostre\0nostri\0"
    "nostro\0o\0per\0perché\0più\0quale\0quanta\0quante\0quanti\0quanto\0quella\0quelle\0quelli\0quello\0"
    "questa\0queste\0questi\0questo\0sarai\0saranno\0sarebbe\0sarebbero\0sarei\0saremmo\0saremo\0"
    "sareste\0saresti\0sarete\0sarà\0sarò\0se\0sei\0si\0sia\0siamo\0siano\0siate\0siete\0sono\0sta\0"
    "stai\0stando\0stanno\0starai\0staranno\0starebbe\0starebbero\0starei\0staremmo\0staremo\0stareste\0"
    "staresti\0starete\0starà\0starò\0stava\0stavamo\0stavano\0stavate\0stavi\0stavo\0stemmo\0stesse\0"
    "stessero\0stessi\0stessimo\0steste\0stesti\0stette\0stettero\0stetti\0stia\0stiamo\0stiano\0stiate\0"
    "sto\0su\0sua\0sue\0sugl\0sugli\0sui\0sul\0sull\0sulla\0sulle\0sullo\0suo\0suoi\0ti\0tra\0tu\0tua\0"
    "tue\0tuo\0tuoi\0tutti\0tutto\0un\0una\0uno\0vi\0voi\0vostra\0vostre\0vostri\0vostro\0è\0";
static const uint16_t STOP_OFFSETS_ITALIAN[] = {
    0, 2, 8, 16, 24, 32, 35, 39, 44, 47, 50, 54, 59, 64, 69, 75, 82, 89, 96, 105, 112, 121, 128,
    135, 141, 147, 155, 163, 171, 177, 183, 189, 197, 205, 215, 221, 229, 236, 244, 252, 259, 265,
    271, 277, 283, 289, 295, 297, 301, 305, 308, 312, 316, 321, 325, 332, 336, 339, 344, 350, 354,
    358, 363, 369, 375, 381, 386, 392, 396, 400, 405, 411, 417, 423, 426, 430, 435, 437, 442, 449,
    454, 457, 461, 467, 475, 483, 487, 491, 499, 506, 515, 524, 533, 540, 548, 556, 564, 574, 582,
    592, 600, 608, 615, 624, 633, 642, 649, 656, 660, 666, 672, 680, 688, 698, 704, 712, 719, 727,
    735, 742, 748, 754, 759, 766, 771, 777, 785, 791, 799, 805, 811, 814, 818, 824, 831, 835, 838,
    842, 848, 851, 853, 856, 859, 862, 864, 867, 870, 874, 877, 880, 885, 889, 892, 895, 899, 903,
    908, 912, 915, 920, 926, 930, 934, 939, 945, 951, 957, 961, 965, 972, 979, 986, 993, 995, 999,
    1007, 1012, 1018, 1025, 1032, 1039, 1046, 1053, 1060, 1067, 1074, 1081, 1088, 1095, 1102, 1108,
    1116, 1124, 1134, 1140, 1148, 1155, 1163, 1171, 1178, 1184, 1190, 1193, 1197, 1200, 1204, 1210,
    1216, 1222, 1228, 1233, 1237, 1242, 1249, 1256, 1263, 1272, 1281, 1292, 1299, 1308, 1316, 1325,
    1334, 1342, 1349, 1356, 1362, 1370, 1378, 1386, 1392, 1398, 1405, 1412, 1421, 1428, 1437, 1444,
    1451, 1458, 1467, 1474, 1479, 1486, 1493, 1500, 1504, 1507, 1511, 1515, 1520, 1526, 1530, 1534,
    1539, 1545, 1551, 1557, 1561, 1566, 1569, 1573, 1576, 1580, 1584, 1588, 1593, 1599, 1605, 1608,
    1612, 1616, 1619, 1623, 1630, 1637, 1644, 1651,
};

static const char STOP_WORDS_NEPALI[] =
    "अक्सर\0अगाडि\0अगाडी\0अझै\0अनुसार\0अन्तर्गत\0अन्य\0अन्यथा\0अब\0अरु\0अरू\0अर्का\0अर्की\0अर्को\0"
    "अर्थात\0अर्थात्\0अर्ब\0अलग\0अलिकति\0असार\0आइतवार\0आए\0आज\0आठ\0आत्म\0आदि\0आफू\0आफ्नै\0आफ्नो\0आयो\0"
    "आश्विन\0उदाहरण\0उन\0उप\0उही\0एउटै\0एक\0एकदम\0एकै\0ओठ\0औं\0कति\0कतै\0कत्रा\0कत्री\0कत्रो\0करोड\0कस\0"
    "कसरी\0कसै\0कस्ता\0कस्ती\0कस्तो\0कहिल्यै\0कहीं\0का\0कार्तिक\0कि\0किन\0किनभने\0कुन\0कुनै\0कुरा\0"
    "कृपया\0के\0केहि\0केही\0को\0कोही\0क्रमशः\0खर्ब\0गयौ\0चाँडै\0चार\0चाले\0चाहनुहुन्छ\0चाहन्छु\0चाहिए\0"
    "चैत\0चौथो\0छ\0छन्\0छु\0छू\0छैन\0छौँ\0छौं\0जताततै\0जति\0जत्रा\0जत्री\0जत्रो\0जब\0जबकि\0जस\0जस्ता\0"
    "जस्ती\0जस्तो\0जस्तोसुकै\0जहाँ\0जान\0जाहिर\0जुन\0जे\0जेठ\0जो\0जोसुकै\0ठीक\0त\0तत्काल\0तथा\0तदनुसार\0"
    "तपाई\0तपाईं\0तर\0तल\0तापनि\0तापनी\0तिन\0तिनी\0तिमी\0तिर\0ती\0तीन\0तुरुन्तै\0तेस्कारण\0तेस्रो\0"
    "त्यसकारण\0त्यसपछि\0त्यसमा\0त्यसैले\0त्यहाँ\0त्यो\0त्सपछि\0त्सैले\0थिए\0थिएन\0थिएनन्\0थियो\0थोरै\0"
    "दस\0दिए\0दिनुभएको\0दिनुहुन्छ\0दुई\0देख\0देखि\0देखिन्छ\0देखियो\0देखे\0देखेको\0देखेर\0देख्न\0दोश्रो\0"
    "दोस्रो\0धेरै\0न\0नजिकै\0नत्र\0नयाँ\0नि\0निम्ति\0निम्न\0निम्नानुसार\0निर्दिष्ट\0नै\0नौ\0पक्का\0"
    "पक्कै\0पछि\0पछिल्लो\0पटक\0पनि\0पर्छ\0पर्थ्यो\0पर्याप्त\0पर्सी\0पहिले\0पहिलो\0पहिल्यै\0पाँच\0पाँचौं\0"
    "पूर्व\0पौष\0प्रति\0प्रतेक\0प्रत्येक\0प्रथम\0प्लस\0फागुन\0फेरि\0फेरी\0बने\0बन्द\0बन्न\0बरु\0बाटो\0"
    "बारे\0बाहिर\0बाहेक\0बिरुद्ध\0बिशेष\0बिहिवार\0बीच\0बुधवार\0भए\0भदौ\0भन्\0भर\0भित्र\0भित्री\0भोलि\0"
    "भोली\0म\0मंसिर\0मङ्गलवार\0महिना\0मा\0माघ\0मात्र\0माथि\0मुख्य\0मेरो\0यति\0यत्ति\0यत्रा\0यत्री\0"
    "यत्रो\0यथोचित\0यदि\0यद्यपि\0यस\0यसरी\0यसो\0यस्ता\0यस्ती\0यस्तो\0यहाँ\0या\0यिन\0यिनी\0यी\0यो\0र\0"
    "रही\0रहेका\0रहेको\0राखे\0राख्छ\0राम्रो\0रूप\0लगभग\0लाई\0लाख\0लागि\0ले\0वरिपरि\0वरीपरी\0वर्ष\0"
    "वास्तवमा\0वाहेक\0विरुद्ध\0विशेष\0वैशाख\0शनिवार\0शायद\0शुक्रवार\0सँग\0सँगै\0संग\0संगै\0सक्छ\0सट्टा\0"
    "सधै\0सधैं\0सबै\0समय\0सम्भव\0सम्म\0सय\0सही\0साँच्चै\0साउन\0सात\0साथ\0साथै\0सायद\0सारा\0सुन्ना\0सो\0"
    "सोध्न\0सोमवार\0सोही\0स्पष्ट\0हजार\0हप्ता\0हरे\0हरेक\0हामी\0हाम्रो\0हिजो\0हुन्छ\0होला\0होस्\0";
static const uint16_t STOP_OFFSETS_NEPALI[] = {
    0, 16, 32, 48, 58, 77, 102, 115, 134, 141, 151, 161, 177, 193, 209, 228, 250, 263, 273, 292,
    305, 324, 331, 338, 345, 358, 368, 378, 394, 410, 420, 439, 458, 465, 472, 482, 495, 502, 515,
    525, 532, 539, 549, 559, 575, 591, 607, 620, 627, 640, 650, 666, 682, 698, 720, 733, 740, 762,
    769, 779, 798, 808, 821, 834, 850, 857, 870, 883, 890, 903, 922, 935, 945, 961, 971, 984, 1015,
    1037, 1053, 1063, 1076, 1080, 1090, 1097, 1104, 1114, 1124, 1134, 1153, 1163, 1179, 1195, 1211,
    1218, 1231, 1238, 1254, 1270, 1286, 1314, 1327, 1337, 1353, 1363, 1370, 1380, 1387, 1406, 1416,
    1420, 1439, 1449, 1471, 1484, 1500, 1507, 1514, 1530, 1546, 1556, 1569, 1582, 1592, 1599, 1609,
    1634, 1659, 1678, 1703, 1725, 1744, 1766, 1785, 1798, 1817, 1836, 1846, 1859, 1878, 1891, 1904,
    1911, 1921, 1946, 1974, 1984, 1994, 2007, 2029, 2048, 2061, 2080, 2096, 2112, 2131, 2150, 2163,
    2167, 2183, 2196, 2209, 2216, 2235, 2251, 2285, 2313, 2320, 2327, 2343, 2359, 2369, 2391, 2401,
    2411, 2424, 2446, 2471, 2487, 2503, 2519, 2541, 2554, 2573, 2589, 2599, 2615, 2634, 2659, 2675,
    2688, 2704, 2717, 2730, 2740, 2753, 2766, 2776, 2789, 2802, 2818, 2834, 2856, 2872, 2894, 2904,
    2923, 2930, 2940, 2950, 2957, 2973, 2992, 3005, 3018, 3022, 3038, 3063, 3079, 3086, 3096, 3112,
    3125, 3141, 3154, 3164, 3180, 3196, 3212, 3228, 3247, 3257, 3276, 3283, 3296, 3306, 3322, 3338,
    3354, 3367, 3374, 3384, 3397, 3404, 3411, 3415, 3425, 3441, 3457, 3470, 3486, 3505, 3515, 3528,
    3538, 3548, 3561, 3568, 3587, 3606, 3619, 3644, 3660, 3682, 3698, 3714, 3733, 3746, 3771, 3781,
    3794, 3804, 3817, 3830, 3846, 3856, 3869, 3879, 3889, 3905, 3918, 3925, 3935, 3957, 3970, 3980,
    3990, 4003, 4016, 4029, 4048, 4055, 4071, 4090, 4103, 4122, 4135, 4151, 4161, 4174, 4187, 4206,
    4219, 4235, 4248,
};

static const char STOP_WORDS_NORWEGIAN[] =
    "alle\0at\0av\0bare\0begge\0ble\0blei\0bli\0blir\0blitt\0både\0båe\0da\0de\0deg\0dei\0deim\0deira\0"
    "deires\0dem\0den\0denne\0der\0dere\0deres\0det\0dette\0di\0din\0disse\0ditt\0du\0dykk\0dykkar\0då\0"
    "eg\0ein\0eit\0eitt\0eller\0elles\0en\0enn\0er\0et\0ett\0etter\0for\0fordi\0fra\0før\0ha\0hadde\0"
    "han\0hans\0har\0hennar\0henne\0hennes\0her\0hjå\0ho\0hoe\0honom\0hoss\0hossen\0hun\0hva\0hvem\0"
    "hver\0hvilke\0hvilken\0hvis\0hvor\0hvordan\0hvorfor\0i\0ikke\0ikkje\0ingen\0ingi\0inkje\0inn\0inni\0"
    "ja\0jeg\0kan\0kom\0korleis\0korso\0kun\0kunne\0kva\0kvar\0kvarhelst\0kven\0kvi\0kvifor\0man\0mange\0"
    "me\0med\0medan\0meg\0meget\0mellom\0men\0mi\0min\0mine\0mitt\0mot\0mykje\0ned\0no\0noe\0noen\0noka\0"
    "noko\0nokon\0nokor\0nokre\0nå\0når\0og\0også\0om\0opp\0oss\0over\0på\0samme\0seg\0selv\0si\0sia\0"
    "sidan\0siden\0sin\0sine\0sitt\0sjøl\0skal\0skulle\0slik\0so\0som\0somme\0somt\0så\0sånn\0til\0um\0"
    "upp\0ut\0uten\0var\0vart\0varte\0ved\0vere\0verte\0vi\0vil\0ville\0vore\0vors\0vort\0vår\0være\0"
    "vært\0å\0";
static const uint16_t STOP_OFFSETS_NORWEGIAN[] = {
    0, 5, 8, 11, 16, 22, 26, 31, 35, 40, 46, 52, 57, 60, 63, 67, 71, 76, 82, 89, 93, 97, 103, 107,
    112, 118, 122, 128, 131, 135, 141, 146, 149, 154, 161, 165, 168, 172, 176, 181, 187, 193, 196,
    200, 203, 206, 210, 216, 220, 226, 230, 235, 238, 244, 248, 253, 257, 264, 270, 277, 281, 286,
    289, 293, 299, 304, 311, 315, 319, 324, 329, 336, 344, 349, 354, 362, 370, 372, 377, 383, 389,
    394, 400, 404, 409, 412, 416, 420, 424, 432, 438, 442, 448, 452, 457, 467, 472, 476, 483, 487,
    493, 496, 500, 506, 510, 516, 523, 527, 530, 534, 539, 544, 548, 554, 558, 561, 565, 570, 575,
    580, 586, 592, 598, 602, 607, 610, 616, 619, 623, 627, 632, 636, 642, 646, 651, 654, 658, 664,
    670, 674, 679, 684, 690, 695, 702, 707, 710, 714, 720, 725, 729, 735, 739, 742, 746, 749, 754,
    758, 763, 769, 773, 778, 784, 787, 791, 797, 802, 807, 812, 817, 823, 829,
};

static const char STOP_WORDS_PORTUGUESE[] =
    "a\0ao\0aos\0aquela\0aquelas\0aquele\0aqueles\0aquilo\0as\0até\0com\0como\0da\0das\0de\0dela\0delas\0"
    "dele\0deles\0depois\0do\0dos\0e\0ela\0elas\0ele\0eles\0em\0entre\0era\0eram\0essa\0essas\0esse\0"
    "esses\0esta\0estamos\0estas\0estava\0estavam\0este\0esteja\0estejam\0estejamos\0estes\0esteve\0"
    "estive\0estivemos\0estiver\0estivera\0estiveram\0estiverem\0estivermos\0estivesse\0estivessem\0"
    "estivéramos\0estivéssemos\0estou\0está\0estávamos\0estão\0eu\0foi\0fomos\0for\0fora\0foram\0forem\0"
    "formos\0fosse\0fossem\0fui\0fôramos\0fôssemos\0haja\0hajam\0hajamos\0havemos\0hei\0houve\0houvemos\0"
    "houver\0houvera\0houveram\0houverei\0houverem\0houveremos\0houveria\0houveriam\0houvermos\0houverá\0"
    "houverão\0houveríamos\0houvesse\0houvessem\0houvéramos\0houvéssemos\0há\0hão\0isso\0isto\0já\0lhe\0"
    "lhes\0mais\0mas\0me\0mesmo\0meu\0meus\0minha\0minhas\0muito\0na\0nas\0nem\0no\0nos\0nossa\0nossas\0"
    "nosso\0nossos\0num\0numa\0não\0nós\0o\0os\0ou\0para\0pela\0pelas\0pelo\0pelos\0por\0qual\0quando\0"
    "que\0quem\0se\0seja\0sejam\0sejamos\0sem\0serei\0seremos\0seria\0seriam\0será\0serão\0seríamos\0"
    "seu\0seus\0somos\0sou\0sua\0suas\0são\0só\0também\0te\0tem\0temos\0tenha\0tenham\0tenhamos\0tenho\0"
    "terei\0teremos\0teria\0teriam\0terá\0terão\0teríamos\0teu\0teus\0teve\0tinha\0tinham\0tive\0"
    "tivemos\0tiver\0tivera\0tiveram\0tiverem\0tivermos\0tivesse\0tivessem\0tivéramos\0tivéssemos\0tu\0"
    "tua\0tuas\0tém\0tínhamos\0um\0uma\0você\0vocês\0vos\0à\0às\0éramos\0";
static const uint16_t STOP_OFFSETS_PORTUGUESE[] = {
    0, 2, 5, 9, 16, 24, 31, 39, 46, 49, 54, 58, 63, 66, 70, 73, 78, 84, 89, 95, 102, 105, 109, 111,
    115, 120, 124, 129, 132, 138, 142, 147, 152, 158, 163, 169, 174, 182, 188, 195, 203, 208, 215,
    223, 233, 239, 246, 253, 263, 271, 280, 290, 300, 311, 321, 332, 345, 359, 365, 371, 382, 389,
    392, 396, 402, 406, 411, 417, 423, 430, 436, 443, 447, 456, 466, 471, 477, 485, 493, 497, 503,
    512, 519, 527, 536, 545, 554, 565, 574, 584, 594, 603, 613, 626, 635, 645, 657, 670, 674, 679,
    684, 689, 693, 697, 702, 707, 711, 714, 720, 724, 729, 735, 742, 748, 751, 755, 759, 762, 766,
    772, 779, 785, 792, 796, 801, 806, 811, 813, 816, 819, 824, 829, 835, 840, 846, 850, 855, 862,
    866, 871, 874, 879, 885, 893, 897, 903, 911, 917, 924, 930, 937, 947, 951, 956, 962, 966, 970,
    975, 980, 984, 992, 995, 999, 1005, 1011, 1018, 1027, 1033, 1039, 1047, 1053, 1060, 1066, 1073,
    1083, 1087, 1092, 1097, 1103, 1110, 1115, 1123, 1129, 1136, 1144, 1152, 1161, 1169, 1178, 1189,
    1201, 1204, 1208, 1213, 1218, 1228, 1231, 1235, 1241, 1248, 1252, 1255, 1259,
};

static const char STOP_WORDS_RUSSIAN[] =
    "а\0без\0более\0больше\0будет\0будто\0бы\0был\0была\0были\0было\0быть\0в\0вам\0вас\0вдруг\0ведь\0во\0"
    "вот\0впрочем\0все\0всегда\0всего\0всех\0всю\0вы\0где\0да\0даже\0два\0для\0до\0другой\0его\0ее\0ей\0"
    "ему\0если\0есть\0еще\0ж\0же\0за\0зачем\0здесь\0и\0из\0или\0им\0иногда\0их\0к\0как\0какая\0какой\0"
    "когда\0конечно\0кто\0куда\0ли\0лучше\0между\0меня\0мне\0много\0может\0можно\0мой\0моя\0мы\0на\0над\0"
    "надо\0наконец\0нас\0не\0него\0нее\0ней\0нельзя\0нет\0ни\0нибудь\0никогда\0ним\0них\0ничего\0но\0ну\0"
    "о\0об\0один\0он\0она\0они\0опять\0от\0перед\0по\0под\0после\0потом\0потому\0почти\0при\0про\0раз\0"
    "разве\0с\0сам\0свою\0себе\0себя\0сейчас\0со\0совсем\0так\0такой\0там\0тебя\0тем\0теперь\0то\0тогда\0"
    "того\0тоже\0только\0том\0тот\0три\0тут\0ты\0у\0уж\0уже\0хорошо\0хоть\0чего\0чем\0через\0что\0чтоб\0"
    "чтобы\0чуть\0эти\0этого\0этой\0этом\0этот\0эту\0я\0";
static const uint16_t STOP_OFFSETS_RUSSIAN[] = {
    0, 3, 10, 21, 34, 45, 56, 61, 68, 77, 86, 95, 104, 107, 114, 121, 132, 141, 146, 153, 168, 175,
    188, 199, 208, 215, 220, 227, 232, 241, 248, 255, 260, 273, 280, 285, 290, 297, 306, 315, 322,
    325, 330, 335, 346, 357, 360, 365, 372, 377, 390, 395, 398, 405, 416, 427, 438, 453, 460, 469,
    474, 485, 496, 505, 512, 523, 534, 545, 552, 559, 564, 569, 576, 585, 600, 607, 612, 621, 628,
    635, 648, 655, 660, 673, 688, 695, 702, 715, 720, 725, 728, 733, 742, 747, 754, 761, 772, 777,
    788, 793, 800, 811, 822, 835, 846, 853, 860, 867, 878, 881, 888, 897, 906, 915, 928, 933, 946,
    953, 964, 971, 980, 987, 1000, 1005, 1016, 1025, 1034, 1047, 1054, 1061, 1068, 1075, 1080,
    1083, 1088, 1095, 1108, 1117, 1126, 1133, 1144, 1151, 1160, 1171, 1180, 1187, 1198, 1207, 1216,
    1225, 1232,
};

static const char STOP_WORDS_SPANISH[] =
    "a\0al\0algo\0algunas\0algunos\0ante\0antes\0como\0con\0contra\0cual\0cuando\0de\0del\0desde\0donde\0"
    "durante\0e\0el\0ella\0ellas\0ellos\0en\0entre\0era\0erais\0eran\0eras\0eres\0es\0esa\0esas\0ese\0"
    "eso\0esos\0esta\0estaba\0estabais\0estaban\0estabas\0estad\0estada\0estadas\0estado\0estados\0"
    "estamos\0estando\0estar\0estaremos\0estará\0estarán\0estarás\0estaré\0estaréis\0estaría\0estaríais\0"
    "estaríamos\0estarían\0estarías\0estas\0este\0estemos\0esto\0estos\0estoy\0estuve\0estuviera\0"
    "estuvierais\0estuvieran\0estuvieras\0estuvieron\0estuviese\0estuvieseis\0estuviesen\0estuvieses\0"
    "estuvimos\0estuviste\0estuvisteis\0estuviéramos\0estuviésemos\0estuvo\0está\0estábamos\0estáis\0"
    "están\0estás\0esté\0estéis\0estén\0estés\0fue\0fuera\0fuerais\0fueran\0fueras\0fueron\0fuese\0"
    "fueseis\0fuesen\0fueses\0fui\0fuimos\0fuiste\0fuisteis\0fuéramos\0fuésemos\0ha\0habida\0habidas\0"
    "habido\0habidos\0habiendo\0habremos\0habrá\0habrán\0habrás\0habré\0habréis\0habría\0habríais\0"
    "habríamos\0habrían\0habrías\0habéis\0había\0habíais\0habíamos\0habían\0habías\0han\0has\0hasta\0"
    "hay\0haya\0hayamos\0hayan\0hayas\0hayáis\0he\0hemos\0hube\0hubiera\0hubierais\0hubieran\0hubieras\0"
    "hubieron\0hubiese\0hubieseis\0hubiesen\0hubieses\0hubimos\0hubiste\0hubisteis\0hubiéramos\0"
    "hubiésemos\0hubo\0la\0las\0le\0les\0lo\0los\0me\0mi\0mis\0mucho\0muchos\0muy\0más\0mí\0mía\0mías\0"
    "mío\0míos\0nada\0ni\0no\0nos\0nosotras\0nosotros\0nuestra\0nuestras\0nuestro\0nuestros\0o\0os\0"
    "otra\0otras\0otro\0otros\0para\0pero\0poco\0por\0porque\0que\0quien\0quienes\0qué\0se\0sea\0seamos\0"
    "sean\0seas\0sentid\0sentida\0sentidas\0sentido\0sentidos\0seremos\0será\0serán\0serás\0seré\0"
    "seréis\0sería\0seríais\0seríamos\0serían\0serías\0seáis\0siente\0sin\0sintiendo\0sobre\0sois\0"
    "somos\0son\0soy\0su\0sus\0suya\0suyas\0suyo\0suyos\0sí\0también\0tanto\0te\0tendremos\0tendrá\0"
    "tendrán\0tendrás\0tendré\0tendréis\0tendría\0tendríais\0tendríamos\0tendrían\0tendrías\0tened\0"
    "tenemos\0tenga\0tengamos\0tengan\0tengas\0tengo\0tengáis\0tenida\0tenidas\0tenido\0tenidos\0"
    "teniendo\0tenéis\0tenía\0teníais\0teníamos\0tenían\0tenías\0ti\0tiene\0tienen\0tienes\0todo\0todos\0"
    "tu\0tus\0tuve\0tuviera\0tuvierais\0tuvieran\0tuvieras\0tuvieron\0tuviese\0tuvieseis\0tuviesen\0"
    "tuvieses\0tuvimos\0tuviste\0tuvisteis\0tuviéramos\0tuviésemos\0tuvo\0tuya\0tuyas\0tuyo\0tuyos\0tú\0"
    "un\0una\0uno\0unos\0vosostras\0vosostros\0vuestra\0vuestras\0vuestro\0vuestros\0y\0ya\0yo\0él\0"
    "éramos\0";
static const uint16_t STOP_OFFSETS_SPANISH[] = {
    0, 2, 5, 10, 18, 26, 31, 37, 42, 46, 53, 58, 65, 68, 72, 78, 84, 92, 94, 97, 102, 108, 114,
    117, 123, 127, 133, 138, 143, 148, 151, 155, 160, 164, 168, 173, 178, 185, 194, 202, 210, 216,
    223, 231, 238, 246, 254, 262, 268, 278, 286, 295, 304, 312, 322, 331, 342, 354, 364, 374, 380,
    385, 393, 398, 404, 410, 417, 427, 439, 450, 461, 472, 482, 494, 505, 516, 526, 536, 548, 562,
    576, 583, 589, 600, 608, 615, 622, 628, 636, 643, 650, 654, 660, 668, 675, 682, 689, 695, 703,
    710, 717, 721, 728, 735, 744, 754, 764, 767, 774, 782, 789, 797, 806, 815, 822, 830, 838, 845,
    854, 862, 872, 883, 892, 901, 909, 916, 925, 935, 943, 951, 955, 959, 965, 969, 974, 982, 988,
    994, 1002, 1005, 1011, 1016, 1024, 1034, 1043, 1052, 1061, 1069, 1079, 1088, 1097, 1105, 1113,
    1123, 1135, 1147, 1152, 1155, 1159, 1162, 1166, 1169, 1173, 1176, 1179, 1183, 1189, 1196, 1200,
    1205, 1209, 1214, 1220, 1225, 1231, 1236, 1239, 1242, 1246, 1255, 1264, 1272, 1281, 1289, 1298,
    1300, 1303, 1308, 1314, 1319, 1325, 1330, 1335, 1340, 1344, 1351, 1355, 1361, 1369, 1374, 1377,
    1381, 1388, 1393, 1398, 1405, 1413, 1422, 1430, 1439, 1447, 1453, 1460, 1467, 1473, 1481, 1488,
    1497, 1507, 1515, 1523, 1530, 1537, 1541, 1551, 1557, 1562, 1568, 1572, 1576, 1579, 1583, 1588,
    1594, 1599, 1605, 1609, 1618, 1624, 1627, 1637, 1645, 1654, 1663, 1671, 1681, 1690, 1701, 1713,
    1723, 1733, 1739, 1747, 1753, 1762, 1769, 1776, 1782, 1791, 1798, 1806, 1813, 1821, 1830, 1838,
    1845, 1854, 1864, 1872, 1880, 1883, 1889, 1896, 1903, 1908, 1914, 1917, 1921, 1926, 1934, 1944,
    1953, 1962, 1971, 1979, 1989, 1998, 2007, 2015, 2023, 2033, 2045, 2057, 2062, 2067, 2073, 2078,
    2084, 2088, 2091, 2095, 2099, 2104, 2114, 2124, 2132, 2141, 2149, 2158, 2160, 2163, 2166, 2170,
};

static const char STOP_WORDS_SWEDISH[] =
    "alla\0allt\0att\0av\0blev\0bli\0blir\0blivit\0de\0dem\0den\0denna\0deras\0dess\0dessa\0det\0detta\0"
    "dig\0din\0dina\0ditt\0du\0där\0då\0efter\0ej\0eller\0en\0er\0era\0ert\0ett\0från\0för\0ha\0hade\0"
    "han\0hans\0har\0henne\0hennes\0hon\0honom\0hur\0här\0i\0icke\0ingen\0inom\0inte\0jag\0ju\0kan\0"
    "kunde\0man\0med\0mellan\0men\0mig\0min\0mina\0mitt\0mot\0mycket\0ni\0nu\0när\0någon\0något\0några\0"
    "och\0om\0oss\0på\0samma\0sedan\0sig\0sin\0sina\0sitta\0själv\0skulle\0som\0så\0sådan\0sådana\0"
    "sådant\0till\0under\0upp\0ut\0utan\0vad\0var\0vara\0varför\0varit\0varje\0vars\0vart\0vem\0vi\0vid\0"
    "vilka\0vilkas\0vilken\0vilket\0vår\0våra\0vårt\0än\0är\0åt\0över\0";
static const uint16_t STOP_OFFSETS_SWEDISH[] = {
    0, 5, 10, 14, 17, 22, 26, 31, 38, 41, 45, 49, 55, 61, 66, 72, 76, 82, 86, 90, 95, 100, 103,
    108, 112, 118, 121, 127, 130, 133, 137, 141, 145, 151, 156, 159, 164, 168, 173, 177, 183, 190,
    194, 200, 204, 209, 211, 216, 222, 227, 232, 236, 239, 243, 249, 253, 257, 264, 268, 272, 276,
    281, 286, 290, 297, 300, 303, 308, 315, 322, 329, 333, 336, 340, 344, 350, 356, 360, 364, 369,
    375, 382, 389, 393, 397, 404, 412, 420, 425, 431, 435, 438, 443, 447, 451, 456, 464, 470, 476,
    481, 486, 490, 493, 497, 503, 510, 517, 524, 529, 535, 541, 545, 549, 553,
};

static const char STOP_WORDS_TURKISH[] =
    "acaba\0ama\0aslında\0az\0bazı\0belki\0biri\0birkaç\0birşey\0biz\0bu\0da\0daha\0de\0defa\0diye\0en\0"
    "eğer\0gibi\0hem\0hep\0hepsi\0her\0hiç\0ile\0ise\0için\0kez\0ki\0kim\0mu\0mü\0mı\0nasıl\0ne\0neden\0"
    "nerde\0nerede\0nereye\0niye\0niçin\0o\0sanki\0siz\0tüm\0ve\0veya\0ya\0yani\0çok\0çünkü\0şey\0şu\0";
static const uint16_t STOP_OFFSETS_TURKISH[] = {
    0, 6, 10, 19, 22, 28, 34, 39, 47, 55, 59, 62, 65, 70, 73, 78, 83, 86, 92, 97, 101, 105, 111,
    115, 120, 124, 128, 134, 138, 141, 145, 148, 152, 156, 163, 166, 172, 178, 185, 192, 197, 204,
    206, 212, 216, 221, 224, 229, 232, 237, 242, 251, 256,
};

const TsStopWords TS_STOP_WORDS[] = {
    {"danish", STOP_WORDS_DANISH, STOP_OFFSETS_DANISH, 94},
    {"dutch", STOP_WORDS_DUTCH, STOP_OFFSETS_DUTCH, 101},
    {"english", STOP_WORDS_ENGLISH, STOP_OFFSETS_ENGLISH, 127},
    {"finnish", STOP_WORDS_FINNISH, STOP_OFFSETS_FINNISH, 229},
    {"french", STOP_WORDS_FRENCH, STOP_OFFSETS_FRENCH, 155},
    {"german", STOP_WORDS_GERMAN, STOP_OFFSETS_GERMAN, 231},
    {"hungarian", STOP_WORDS_HUNGARIAN, STOP_OFFSETS_HUNGARIAN, 198},
    {"italian", STOP_WORDS_ITALIAN, STOP_OFFSETS_ITALIAN, 279},
    {"nepali", STOP_WORDS_NEPALI, STOP_OFFSETS_NEPALI, 304},
    {"norwegian", STOP_WORDS_NORWEGIAN, STOP_OFFSETS_NORWEGIAN, 172},
    {"portuguese", STOP_WORDS_PORTUGUESE, STOP_OFFSETS_PORTUGUESE, 203},
    {"russian", STOP_WORDS_RUSSIAN, STOP_OFFSETS_RUSSIAN, 151},
    {"spanish", STOP_WORDS_SPANISH, STOP_OFFSETS_SPANISH, 313},
    {"swedish", STOP_WORDS_SWEDISH, STOP_OFFSETS_SWEDISH, 114},
    {"turkish", STOP_WORDS_TURKISH, STOP_OFFSETS_TURKISH, 53},
};
const uint32_t TS_STOP_WORDS_COUNT = ARRAY_LEN(TS_STOP_WORDS);
